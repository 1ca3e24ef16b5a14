import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inside } from '../../testbed/namespaces.ts';

export interface PingRequest {
  address: string;
  /** Missing: until cancelled. */
  count?: number;
  intervalMs?: number;
  timeoutMs?: number;
  /** Linux name of the interface, or a source address. */
  from?: string;
}

/** One line of RouterOS's /ping. */
export interface PingReply {
  sequence: number;
  timeMs: number;
  ttl: number;
}

/** Pings from a namespace, one echo at a time; returns how many came back. */
export async function ping(
  netns: string,
  request: PingRequest,
  onReply: (reply: PingReply) => void = () => {},
  signal?: AbortSignal,
): Promise<number> {
  const { address, count, intervalMs = 1000, timeoutMs = 1000, from } = request;
  const [command, ...args] = inside(netns, 'ping', [
    '-n',
    ...(count === undefined ? [] : ['-c', String(count)]),
    ...['-i', String(intervalMs / 1000), '-W', String(timeoutMs / 1000)],
    ...(from === undefined ? [] : ['-I', from]),
    '--',
    address,
  ]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const stop = () => child.kill('SIGKILL');
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  let received = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const found = /icmp_seq=(\d+) ttl=(\d+) time=([\d.]+) ms/.exec(line);
    if (found === null) return;
    received += 1;
    onReply({ sequence: Number(found[1]), ttl: Number(found[2]), timeMs: Number(found[3]) });
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  signal?.removeEventListener('abort', stop);
  return received;
}
