import { spawn } from 'node:child_process';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export interface CommandOptions {
  /** Standard input. */
  input?: string;
  /** Default 30,000. */
  timeoutMs?: number;
  /** Beside this process's own. */
  environment?: Record<string, string>;
}

/**
 * Runs a command to its end and returns its standard output.
 * @throws {Error} with the command and its standard error if it fails, cannot be started or takes too long.
 */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { input, timeoutMs = 30_000, environment = {} } = options;
  return new Promise((resolve, reject) => {
    // Node's pipes are sockets, which a command cannot open as /dev/stdin: `cat` makes a pipe of it.
    const [program, programArgs] =
      input === undefined ? [command, args] : ['sh', ['-c', 'cat | "$0" "$@"', command, ...args]];
    const child = spawn(program, programArgs, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...environment },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) into.push(chunk);
    };
    child.stdout.on('data', collect(out));
    child.stderr.on('data', collect(err));
    child.on('error', reject);
    // The command may end without reading its input.
    child.stdin.on('error', () => {});
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'));
      const said = Buffer.concat(err).toString('utf8').trim();
      const how = signal === null ? `exit code ${code}` : `killed by ${signal}`;
      reject(new Error(`${command} ${args.join(' ')}: ${how}${said === '' ? '' : `: ${said}`}`));
    });
    child.stdin.end(input ?? '');
  });
}
