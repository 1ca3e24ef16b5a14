/** Control groups that belong to an owned directory: they carry its name at the top of every hierarchy. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Version 2 has one hierarchy for all controllers, version 1 one for each. */
export const isUnified = (): boolean => existsSync(join(ROOT, 'cgroup.controllers'));

/** Where the hierarchies are mounted. */
export function hierarchies(): string[] {
  if (isUnified()) return [ROOT];
  // …/cgroup.rst: `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS`
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const points = mounts
    // Beside those of version 1 there may be one of version 2 without controllers, which runc uses too.
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] as string)
    .filter((point) => point.startsWith(`${ROOT}/`));
  return [...new Set(points)];
}

/** Makes a group of this path (`owner/node`) in every hierarchy, with every controller. */
export function makeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    const directory = join(hierarchy, path);
    mkdirSync(directory, { recursive: true });
    if (isUnified()) passOnControllers(path);
  }
}

/** In version 2 a group has those controllers that each group above it passes on. */
function passOnControllers(path: string): void {
  const above = path.split('/').map((_, at, parts) => join(ROOT, ...parts.slice(0, at)));
  for (const group of [...new Set(above)]) {
    const controllers = readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim().split(/\s+/);
    for (const controller of controllers) {
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`);
    }
  }
}

/** Removes a group and those below it, and kills who is in them. Synchronous, so that it can run at exit. */
export function removeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    const directory = join(hierarchy, path);
    // A killed process leaves its group a moment later.
    for (let attempt = 0; attempt < 100 && existsSync(directory); attempt += 1) {
      if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      removeTree(directory);
    }
  }
}

function removeTree(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(directory, entry.name));
    }
    for (const pid of readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid !== '' && pid !== '0') process.kill(Number(pid), 'SIGKILL');
    }
    rmdirSync(directory);
  } catch {
    // Gone by itself, or still busy: the next attempt sees.
  }
}
