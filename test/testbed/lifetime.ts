/**
 * Nothing that a test starts may outlive it. Three nets: `stop()` of whoever started it; the kernel, which kills the
 * child when its parent dies in whatever way (`setpriv --pdeathsig`); and the next start, which sweeps what dead
 * owners left: directories, children by recorded pid and start time, control groups of a directory's name, and
 * whatever recorded commands undo.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUpOnExit } from './exit.ts';
import { removeCgroup } from './kubernetes/cgroups.ts';

const PREFIX = 'tto-testbed-';
/** A command, in JSON, a line. */
const UNDO = 'undo';

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
  /** Records a command for whoever removes the directory to run before: it undoes what somebody else made for us. */
  undoBy(command: readonly [string, ...string[]]): void;
  remove(): void;
}

/** A directory under the system's temporary one that belongs to this process. Sweeps those of dead owners first. */
export function ownedDirectory(name: string): OwnedDirectory {
  sweep();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
  mkdirSync(join(path, 'children'));
  writeFileSync(join(path, 'owner.json'), JSON.stringify(identify(process.pid)));
  const forget = cleanUpOnExit(() => clear(path));
  return {
    path,
    undoBy: (command) => writeFileSync(join(path, UNDO), `${JSON.stringify(command)}\n`, { flag: 'a' }),
    remove: () => {
      forget();
      clear(path);
    },
  };
}

/** Ends what dead owners of this user's recorded and removes their directories. */
export function sweep(): void {
  for (const entry of readdirSync(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), entry);
    // Anybody may make a directory there, with commands in it.
    if (lstatSync(directory, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    const owner = readIdentity(join(directory, 'owner.json'));
    if (owner === null || lives(owner)) continue;
    clear(directory);
  }
}

/** Ends and undoes what was recorded, and removes the directory. Idempotent. */
function clear(directory: string): void {
  if (!existsSync(directory)) return;
  endChildren(directory);
  runUndo(directory);
  removeCgroup(basename(directory));
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Last recorded, first undone. */
function runUndo(directory: string): void {
  const file = join(directory, UNDO);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  for (const line of lines.reverse()) {
    const [program, ...args] = JSON.parse(line) as [string, ...string[]];
    spawnSync(program, args, { stdio: 'ignore', timeout: 60_000 });
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
