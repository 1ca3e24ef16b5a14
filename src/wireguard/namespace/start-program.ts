import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { libc } from './libc.ts';
import { int } from './linux.ts';

/** fcntl.h, spawn.h, signal.h, sys/wait.h */
const O_CLOEXEC = 0o2000000;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const WNOHANG = 1;
/** More than the C library's opaque structures take. */
const STRUCTURE_BYTES = 512;

export interface Program {
  /** A descriptor, or nothing to read. */
  stdin: number | 'ignore';
  cwd: string;
  env: Readonly<Record<string, string>>;
}

export interface StartedProgram {
  pid: number;
  stdout: Socket;
  stderr: Socket;
  /** Once it has ended and closed its output: exit code, or null and the name of a signal. */
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/**
 * Starts a program as Node's `spawn` does, without copying this process first: Node forks, and of a sidecar that knows a
 * thousand tunnels that takes 10 ms, in which nothing else is done, for each `ip` and `nft`. The C library shares the memory
 * until the program is loaded. It starts in the network namespace that this thread is in. Throws with the `code` of the
 * system, `ENOENT` where there is no such program.
 */
export function startProgram(program: string, args: readonly string[], options: Program): StartedProgram {
  const opened: number[] = [];
  const pipe = (): [number, number] => {
    const ends = Buffer.alloc(8);
    if (libc().pipe2(ends, O_CLOEXEC) !== 0) throw new Error('No pipe could be made.');
    const pair: [number, number] = [ends.readInt32LE(0), ends.readInt32LE(4)];
    opened.push(...pair);
    return pair;
  };
  try {
    const [output, toOutput] = pipe();
    const [errors, toErrors] = pipe();
    const pid = spawnWith(program, args, options, toOutput, toErrors);
    for (const fd of [toOutput, toErrors]) closeSync(fd);
    opened.splice(0);
    const [stdout, stderr] = [output, errors].map(
      (fd) => new Socket({ fd, readable: true, writable: false }),
    );
    if (stdout === undefined || stderr === undefined) throw new Error('unreachable');
    return { pid, stdout, stderr, ended: ended(pid, [stdout, stderr]) };
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function spawnWith(
  program: string,
  args: readonly string[],
  { stdin, cwd, env }: Program,
  stdout: number,
  stderr: number,
): number {
  const c = libc();
  const actions = Buffer.alloc(STRUCTURE_BYTES);
  const attributes = Buffer.alloc(STRUCTURE_BYTES);
  const signals = Buffer.alloc(STRUCTURE_BYTES);
  c.posix_spawn_file_actions_init(actions);
  c.posix_spawnattr_init(attributes);
  try {
    if (stdin === 'ignore') c.posix_spawn_file_actions_addopen(actions, 0, '/dev/null', 0, 0);
    else c.posix_spawn_file_actions_adddup2(actions, stdin, 0);
    c.posix_spawn_file_actions_adddup2(actions, stdout, 1);
    c.posix_spawn_file_actions_adddup2(actions, stderr, 2);
    c.posix_spawn_file_actions_addchdir_np(actions, cwd);
    // Node ignores it, which a program would inherit.
    c.sigemptyset(signals);
    c.sigaddset(signals, constants.signals.SIGPIPE);
    c.posix_spawnattr_setsigdefault(attributes, signals);
    c.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
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

async function ended(pid: number, outputs: readonly Socket[]): ReturnType<typeof wait> {
  await Promise.all(
    outputs.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  return wait(pid);
}

/** A program whose output has ended is about to end itself. */
async function wait(pid: number): Promise<{ code: number | null; signal: string | null }> {
  const status = int(0);
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const found = libc().waitpid(pid, status, WNOHANG);
    if (found !== 0) return found === pid ? readStatus(status.readInt32LE(0)) : { code: null, signal: null };
    await sleep(pause);
  }
}

function readStatus(status: number): { code: number | null; signal: string | null } {
  const number = status & 0x7f;
  if (number === 0) return { code: (status >> 8) & 0xff, signal: null };
  const [name = String(number)] =
    Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return { code: null, signal: name };
}
