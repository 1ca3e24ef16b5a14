/** Control groups that belong to an owned directory: they carry its name at the top of every hierarchy. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** Where in a node's group its own services are, so that the group itself may pass on controllers. */
const INIT = 'init';

/** Version 2 has one hierarchy for all controllers, version 1 one for each. */
export const isUnified = (): boolean => existsSync(join(ROOT, 'cgroup.controllers'));

export interface Hierarchy {
  mountPoint: string;
  type: 'cgroup' | 'cgroup2';
  /** Such as `cpu,cpuacct` or `none,name=systemd`; empty for version 2. */
  options: string;
}

/** The hierarchies of this machine. Beside those of version 1 there may be one of version 2 without controllers. */
export function hierarchies(): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  // …/filesystems/proc.rst: `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE SUPER-OPTIONS`
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const mountPoint = before.split(' ')[4] ?? '';
    const [type, , superOptions = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    if (mountPoint !== ROOT && !mountPoint.startsWith(`${ROOT}/`)) continue;
    found.set(mountPoint, { mountPoint, type, options: type === 'cgroup2' ? '' : identity(superOptions) });
  }
  return [...found.values()];
}

/** What of a hierarchy's options says which one it is. */
function identity(superOptions: string): string {
  const options = superOptions.split(',');
  const name = options.find((option) => option.startsWith('name='));
  if (name !== undefined) return `none,${name}`;
  const own = ['rw', 'ro', 'seclabel', 'xattr', 'clone_children', 'noprefix', 'cpuset_v2_mode'];
  return options.filter((option) => !own.includes(option) && !option.includes('=')).join(',');
}

/** Makes a group of this path (`owner/node`) in every hierarchy, with every controller; answers its directories. */
export function makeCgroup(path: string): string[] {
  return hierarchies().map(({ mountPoint, options }) => {
    const directory = join(mountPoint, path);
    mkdirSync(join(directory, INIT), { recursive: true });
    if (mountPoint === ROOT) passOnControllers(path);
    if (options.split(',').includes('cpuset')) inheritCpus(mountPoint, join(path, INIT));
    return directory;
  });
}

/** In version 2 a group has those controllers that each group above it passes on. */
function passOnControllers(path: string): void {
  const parts = path.split('/');
  for (const group of parts.map((_, depth) => join(ROOT, ...parts.slice(0, depth)))) {
    const controllers = readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim();
    for (const controller of controllers.split(/\s+/)) {
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`);
    }
  }
}

/** In version 1 nobody may enter a group before it has processors and memory. */
function inheritCpus(mountPoint: string, path: string): void {
  const parts = path.split('/');
  parts.forEach((_, depth) => {
    const [above, group] = [parts.slice(0, depth), parts.slice(0, depth + 1)];
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      writeFileSync(join(mountPoint, ...group, file), readFileSync(join(mountPoint, ...above, file)));
    }
  });
}

/** Shell commands that bring the shell into a group; `below` it is in its part for services. */
export function enterCgroup(directories: readonly string[], below: boolean): string {
  const files = directories.map((directory) => join(directory, below ? INIT : '', 'cgroup.procs'));
  return files.map((file) => `echo $$ > '${file}'`).join('\n');
}

/**
 * Shell commands that mount every hierarchy anew under a directory, for a process with a cgroup namespace of its own:
 * it sees its group as the root.
 */
export function mountCgroups(under: string): string {
  if (isUnified()) {
    return `mount -t cgroup2 cgroup2 ${under}
for controller in $(cat ${under}/cgroup.controllers); do echo "+$controller" > ${under}/cgroup.subtree_control; done`;
  }
  const mounts = hierarchies().flatMap(({ mountPoint, type, options }) => {
    const at = mountPoint.replace(ROOT, under);
    const aliases = options.includes('=') ? [] : options.split(',').filter((one) => !at.endsWith(`/${one}`));
    return [
      `mkdir -p ${at}`,
      `mount -t ${type} ${options === '' ? '' : `-o ${options}`} cgroup ${at}`,
      ...(aliases.length > 1
        ? aliases.map((alias) => `ln -s ${at.slice(under.length + 1)} ${under}/${alias}`)
        : []),
    ];
  });
  return [`mount -t tmpfs -o mode=0755 cgroup ${under}`, ...mounts].join('\n');
}

/** Shell commands that bring the shell into the part for services, where {@link mountCgroups} did its work. */
export const ENTER_SERVICES = `for group in ${ROOT}/${INIT} ${ROOT}/*/${INIT}; do
  [ -L "\${group%/*}" ] || [ ! -e "$group" ] || echo $$ > "$group/cgroup.procs"
done`;

/** Removes a group and those below it, and kills who is in them. Synchronous, so that it can run at exit. */
export function removeCgroup(path: string): void {
  for (const { mountPoint } of hierarchies()) {
    const directory = join(mountPoint, path);
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
