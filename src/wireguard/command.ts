import { SidecarError } from './errors.ts';
import { withMemoryFile } from './namespace/memory-file.ts';
import { inNamespace, type Namespace } from './namespace/namespace.ts';
import { type StartedProgram, startProgram } from './namespace/start-program.ts';

export interface RunOptions {
  /** Standard input; private keys go this way and never into `args`. */
  input?: string;
  /** The network namespace to run in; without it, the node's. */
  namespace?: Namespace;
  /** Exit codes that are no failure; default 0 alone. */
  accept?: readonly number[];
  /** Whether the program may repeat a secret of its input: its messages are then not passed on. */
  secret?: boolean;
}

export interface Result {
  code: number;
  stdout: string;
}

const LIMIT_MS = 20_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** The first line of what a program complained about, fit for a log. */
const complaint = (stderr: string): string =>
  (stderr.split('\n').find((line) => line.trim() !== '') ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 300);

function collect(
  child: StartedProgram,
  what: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let size = 0;
    let isOver = false;
    const fail = (problem: string, cause?: unknown): void => {
      if (!isOver) process.kill(child.pid, 'SIGKILL');
      reject(new SidecarError('CommandFailed', `${what} ${problem}.`, { cause }));
    };
    const timer = setTimeout(fail, LIMIT_MS, `did not end within ${LIMIT_MS} ms`);
    const take = (into: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) fail(`printed more than ${MAX_OUTPUT} bytes`);
      else into.push(chunk);
    };
    child.stdout.on('data', take(output));
    child.stderr.on('data', take(errors));
    for (const socket of [child.stdout, child.stderr]) {
      socket.on('error', (cause) => fail('could not be listened to', cause));
    }
    void child.ended.then(({ code, signal }) => {
      isOver = true;
      clearTimeout(timer);
      if (code === null) return fail(`was ended by ${signal ?? 'somebody'}`);
      resolve({ code, stdout: Buffer.concat(output).toString(), stderr: Buffer.concat(errors).toString() });
    });
  });
}

function start(
  program: string,
  args: readonly string[],
  stdin: number | 'ignore',
  what: string,
): StartedProgram {
  try {
    return startProgram(program, args, {
      stdin,
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const how = code === 'ENOENT' ? 'is not installed on this node' : `could not be started (${code})`;
    throw new SidecarError('CommandFailed', `${what} ${how}.`, { cause });
  }
}

/**
 * Runs a program to its end: an argument list, never a shell, with an environment of its own. Throws `CommandFailed`
 * with the program, its subcommand and the first line of its complaint.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const { input, namespace, accept = [0], secret = false } = options;
  const what = `"${[program, ...args].slice(0, 4).join(' ')}"`;
  const launch = (stdin: number | 'ignore'): StartedProgram => {
    const begin = (): StartedProgram => start(program, args, stdin, what);
    return namespace === undefined ? begin() : inNamespace(namespace, begin);
  };
  const child = input === undefined ? launch('ignore') : withMemoryFile(input, launch);
  const { code, stdout, stderr } = await collect(child, what);
  if (!accept.includes(code)) {
    const said = secret ? 'what it said is withheld, since its input holds keys' : complaint(stderr);
    throw new SidecarError('CommandFailed', `${what} failed with exit code ${code}: ${said}.`);
  }
  return { code, stdout };
}
