import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { libc } from './libc.ts';
import { int } from './linux.ts';

/** fcntl.h, spawn.h, signal.h, sys/wait.h */
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSID = 0x80;
const WNOHANG = 1;
/** More than the C library's opaque structures take. */
const STRUCTURE_BYTES = 512;

export type Environment = Readonly<Record<string, string>>;

/** Exit code, or null and the name of a signal. */
export interface Ending {
  code: number | null;
  signal: string | null;
}

export interface StartedProgram {
  pid: number;
  stdout: Socket;
  stderr: Socket;
  /** Once it has ended and closed its output. */
  ended: Promise<Ending>;
}

export interface StartedDaemon {
  pid: number;
  /** Open while it lives; unref'd, it keeps this process from nothing. */
  life: Socket;
  ended: Promise<Ending>;
}

/**
 * Starts a program as Node's `spawn` does, without copying this process first: Node forks, and of a sidecar that knows a
 * thousand tunnels that takes 10 ms, in which nothing else is done, for each `ip` and `nft`. The C library shares the memory
 * until the program is loaded. It starts in the network namespace that this thread is in, and in the root folder. Throws with
 * the `code` of the system, `ENOENT` where there is no such program.
 *
 * @param stdin a descriptor, or nothing to read
 */
export function startProgram(
  program: string,
  args: readonly string[],
  { stdin, env }: { stdin: number | 'ignore'; env: Environment },
): StartedProgram {
  const [output, errors] = [openPipe(), openPipe()];
  const pid = startWith([output, errors], () =>
    spawn(program, args, { env, flags: 0, descriptors: [stdin, output.write, errors.write] }),
  );
  const [stdout, stderr] = [readerOf(output), readerOf(errors)];
  return { pid, stdout, stderr, ended: awaitEnd(pid, [stdout, stderr]) };
}

/**
 * The same for what is to run on by itself, in a session of its own and heard by nobody.
 *
 * @param inherited a descriptor that it is to have as its fourth
 */
export function startDaemon(
  program: string,
  args: readonly string[],
  { inherited = 'ignore', env }: { inherited?: number | 'ignore'; env: Environment },
): StartedDaemon {
  const pipe = openPipe();
  const descriptors = ['ignore', 'ignore', 'ignore', inherited, pipe.write] as const;
  const pid = startWith([pipe], () => spawn(program, args, { env, flags: POSIX_SPAWN_SETSID, descriptors }));
  const life = readerOf(pipe).resume();
  return { pid, life, ended: awaitEnd(pid, [life]) };
}

interface Pipe {
  read: number;
  write: number;
}

function openPipe(): Pipe {
  const ends = Buffer.alloc(8);
  if (libc().pipe2(ends, O_CLOEXEC) !== 0) throw new Error('No pipe could be made.');
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

const readerOf = ({ read }: Pipe): Socket => new Socket({ fd: read, readable: true, writable: false });

/** Leaves of the pipes what the program has not got, and nothing of them where it could not be started. */
function startWith(pipes: readonly Pipe[], start: () => number): number {
  try {
    return start();
  } catch (cause) {
    for (const { read } of pipes) closeSync(read);
    throw cause;
  } finally {
    for (const { write } of pipes) closeSync(write);
  }
}

interface Spawning {
  env: Environment;
  flags: number;
  /** From 0 on. */
  descriptors: readonly (number | 'ignore')[];
}

function spawn(program: string, args: readonly string[], { env, flags, descriptors }: Spawning): number {
  const c = libc();
  const actions = Buffer.alloc(STRUCTURE_BYTES);
  const attributes = Buffer.alloc(STRUCTURE_BYTES);
  const signals = Buffer.alloc(STRUCTURE_BYTES);
  c.posix_spawn_file_actions_init(actions);
  c.posix_spawnattr_init(attributes);
  try {
    for (const [fd, from] of descriptors.entries()) {
      if (from === 'ignore') c.posix_spawn_file_actions_addopen(actions, fd, '/dev/null', O_RDWR, 0);
      else c.posix_spawn_file_actions_adddup2(actions, from, fd);
    }
    c.posix_spawn_file_actions_addchdir_np(actions, '/');
    // Node ignores it, which a program would inherit.
    c.sigemptyset(signals);
    c.sigaddset(signals, constants.signals.SIGPIPE);
    c.posix_spawnattr_setsigdefault(attributes, signals);
    c.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | flags);
    const pid = int(0);
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const failed = c.posix_spawnp(
      pid,
      program,
      actions,
      attributes,
      [program, ...args, null],
      [...words, null],
    );
    if (failed !== 0) {
      const code = getSystemErrorName(-failed);
      throw Object.assign(new Error(`${program} could not be started (${code})`), { code });
    }
    return pid.readInt32LE(0);
  } finally {
    c.posix_spawn_file_actions_destroy(actions);
    c.posix_spawnattr_destroy(attributes);
  }
}

/** A program that has closed all that it had of these is about to end. */
async function awaitEnd(pid: number, sockets: readonly Socket[]): Promise<Ending> {
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  const status = int(0);
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const found = libc().waitpid(pid, status, WNOHANG);
    if (found !== 0) return found === pid ? readStatus(status.readInt32LE(0)) : { code: null, signal: null };
    await sleep(pause);
  }
}

function readStatus(status: number): Ending {
  const number = status & 0x7f;
  if (number === 0) return { code: (status >> 8) & 0xff, signal: null };
  const [name = String(number)] =
    Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return { code: null, signal: name };
}
