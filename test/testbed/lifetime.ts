/**
 * Nothing that a test starts may outlive it. Three nets: `stop()` of whoever started it; the kernel, which kills the
 * child when its parent dies in whatever way (`setpriv --pdeathsig`); and the next start, which sweeps what dead
 * owners left: directories, children by recorded pid and start time, and control groups of a directory's name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUpOnExit } from './exit.ts';
import { removeCgroup } from './kubernetes/cgroups.ts';

const PREFIX = 'tto-testbed-';

interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot: tells a process from a later one with its pid. */
  startTime: string;
}

/** Who has this pid; null when there is nobody or when it is only a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name (field 2) may hold spaces and parentheses: count from behind its last one.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const startTime = fields[18];
    return startTime === undefined || state === 'Z' ? null : { pid, startTime };
  } catch {
    return null;
  }
}

function lives(known: ProcessIdentity): boolean {
  return identify(known.pid)?.startTime === known.startTime;
}

export interface OwnedDirectory {
  readonly path: string;
  remove(): void;
}

/** A directory under the system's temporary one that belongs to this process. Sweeps those of dead owners first. */
export function ownedDirectory(name: string): OwnedDirectory {
  sweep();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
  mkdirSync(join(path, 'children'));
  writeFileSync(join(path, 'owner.json'), JSON.stringify(identify(process.pid)));
  const remove = () => {
    endChildren(path);
    removeCgroup(basename(path));
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  const forget = cleanUpOnExit(remove);
  return {
    path,
    remove: () => {
      forget();
      remove();
    },
  };
}

/** Ends the children that dead owners recorded and removes their directories. */
export function sweep(): void {
  for (const entry of readdirSync(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), entry);
    const owner = readIdentity(join(directory, 'owner.json'));
    if (owner === null || lives(owner)) continue;
    endChildren(directory);
    removeCgroup(entry);
    rmSync(directory, { recursive: true, force: true });
  }
}

function endChildren(directory: string): void {
  for (const file of readdirSync(join(directory, 'children'))) {
    const child = readIdentity(join(directory, 'children', file));
    if (child !== null && lives(child)) process.kill(child.pid, 'SIGKILL');
  }
}

function readIdentity(file: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity | null;
  } catch {
    return null; // Half-made by a process that is at it right now.
  }
}

export interface OwnedProcess {
  readonly pid: number;
  /** Both output streams. */
  readonly logFile: string;
  /** How it ended, in words for an error message; null while it runs. */
  ended(): string | null;
  /** The last lines of its log. */
  logTail(lines?: number): string;
  /** SIGTERM, and SIGKILL when that took longer than `limitMs`; returns when the process is gone. */
  stop(limitMs?: number): Promise<void>;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a program that ends with this process at the latest. It is in a session of its own, so that Ctrl-C in a
 * terminal reaches only the parent, which then stops it in order.
 *
 * @param directory path of an {@link OwnedDirectory}; the log is `NAME.log` in it, appended to.
 */
export async function spawnOwned(
  directory: string,
  name: string,
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<OwnedProcess> {
  const logFile = join(directory, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment },
    cwd: directory,
  });
  const pid = await started(child, command);
  writeFileSync(join(directory, 'children', String(pid)), JSON.stringify(identify(pid)));

  let end: string | null = null;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      end = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      rmSync(join(directory, 'children', String(pid)), { force: true });
      resolve();
    });
  });
  child.unref();

  return {
    pid,
    logFile,
    ended: () => end,
    logTail: (lines = 15) => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    stop: async (limitMs = 5_000) => {
      // Or a parent with nothing else to do would end before the child has.
      child.ref();
      child.kill('SIGTERM');
      const late = new AbortController();
      await Promise.race([gone, sleep(limitMs, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      if (end === null) child.kill('SIGKILL');
      await gone;
    },
    kill: async () => {
      child.ref();
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function started(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.once('error', (cause) =>
      reject(new Error(`Cannot start ${command} by way of setpriv (package util-linux).`, { cause })),
    );
  });
}
