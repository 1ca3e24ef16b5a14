import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SidecarError } from '../errors.ts';
import { homeNamespace } from '../namespace/namespace.ts';

/** Where wireguard-go keeps its control sockets, and `wg` looks for them. */
export const CONTROL_FOLDER = '/var/run/wireguard';
const END_LIMIT_MS = 3000;
const POLL_MS = 20;

export const controlSocketOf = (interfaceName: string): string => `${CONTROL_FOLDER}/${interfaceName}.sock`;

/** Whether somebody answers on a control socket, nobody does, or there is none. */
export function probeControlSocket(path: string): Promise<'running' | 'dead' | 'none'> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.on('connect', () => {
      socket.destroy();
      resolve('running');
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT') resolve('none');
      else if (code === 'ECONNREFUSED') resolve('dead');
      else reject(new SidecarError('DeviceFailed', `The control socket ${path} cannot be asked (${code}).`));
    });
  });
}

/** Processes `wireguard-go … NAME` in the node's network namespace; also those that have lost their socket. */
async function findProcesses(interfaceName: string): Promise<number[]> {
  const home = homeNamespace();
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found: number[] = [];
  for (const pid of pids) {
    // A process may end while it is looked at.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const [program = '', ...args] = command.split('\0').slice(0, -1);
    if (basename(program) !== 'wireguard-go' || args.at(-1) !== interfaceName) continue;
    if ((await readlink(`/proc/${pid}/ns/net`).catch(() => '')) === home) found.push(Number(pid));
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Ends an interface's wireguard-go, and with it the interface, and removes its control socket. */
export async function endUserspaceProcess(interfaceName: string): Promise<void> {
  let left = await findProcesses(interfaceName);
  for (const pid of left) signal(pid, 'SIGTERM');
  for (let waited = 0; left.length > 0 && waited < END_LIMIT_MS; waited += POLL_MS) {
    await sleep(POLL_MS);
    left = await findProcesses(interfaceName);
  }
  for (const pid of left) signal(pid, 'SIGKILL');
  await rm(controlSocketOf(interfaceName), { force: true });
}
