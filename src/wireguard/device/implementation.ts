import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import { SidecarError } from '../errors.ts';
import type { SidecarVersion } from '../protocol.ts';
import type { TunnelNames } from '../tunnel/names.ts';
import { controlSocketOf, probeControlSocket } from './control-socket.ts';
import type { Device } from './device.ts';
import { KernelDevice } from './kernel.ts';
import { UserspaceDevice } from './userspace.ts';

/** How interfaces are made on this node, and how they are talked to. */
export interface Implementation {
  readonly name: NonNullable<SidecarVersion['implementation']>;
  /** What an interface is called while it is still in the node's namespace. */
  stagedName(names: TunnelNames): string;
  /** Makes the interface in the node's namespace, where its UDP socket stays. */
  create(names: TunnelNames): Promise<void>;
  device(names: TunnelNames): Device;
}

/** An interface of the node called `wg0` is somebody else's: ours is staged under the namespace's name. */
export const kernelImplementation: Implementation = {
  name: 'kernel',
  stagedName: (names) => names.namespace,
  create: async (names) => {
    await run('ip', ['link', 'add', names.namespace, 'type', 'wireguard']);
  },
  device: (names) => new KernelDevice(names.namespacePath, names.interfaceName),
};

const START_LIMIT_MS = 10_000;
const POLL_MS = 10;

/** wireguard-go's control socket is called as the interface was first called, and `wg show wg0` looks for wg0.sock. */
export const userspaceImplementation: Implementation = {
  name: 'wireguard-go',
  stagedName: (names) => names.interfaceName,
  create: (names) => startUserspace(names.interfaceName),
  device: (names) => new UserspaceDevice(controlSocketOf(names.interfaceName)),
};

/** Starts wireguard-go in a session of its own, with nothing that ties it to this process: it is to outlive it. */
async function startUserspace(interfaceName: string): Promise<void> {
  await access('/dev/net/tun', constants.R_OK | constants.W_OK).catch((cause: unknown) => {
    throw new SidecarError(
      'NoTunDevice',
      'The node has neither kernel WireGuard nor a usable /dev/net/tun; load the wireguard module, or give the sidecar that device.',
      { cause },
    );
  });
  const child = spawn('wireguard-go', ['-f', interfaceName], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: { PATH: process.env.PATH, LOG_LEVEL: 'silent' },
  });
  let ended: string | undefined;
  child.on('error', ({ code }: NodeJS.ErrnoException) => {
    ended = code === 'ENOENT' ? 'it is not installed' : `it could not be started (${code})`;
  });
  child.on('exit', (code, signal) => {
    ended = `it ended at once (${signal ?? `exit code ${code}`})`;
  });
  child.unref();
  for (let waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
    // Whoever answers is right: one started just before this process was killed may have been faster.
    if ((await probeControlSocket(controlSocketOf(interfaceName))) === 'running') return;
    if (ended !== undefined) break;
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  const why = ended ?? `it was not ready within ${START_LIMIT_MS} ms`;
  throw new SidecarError('DeviceFailed', `wireguard-go could not make ${interfaceName}: ${why}.`);
}

/** Kernel WireGuard if the node can make an interface of it, which is the only sure sign; else wireguard-go. */
export async function chooseImplementation(prefix: string): Promise<Implementation> {
  const name = `${prefix}probe`;
  // 2: the kernel refused. One that a killed sidecar left behind is taken away first.
  await run('ip', ['link', 'del', name], { accept: [0, 1, 2] });
  const { code } = await run('ip', ['link', 'add', name, 'type', 'wireguard'], { accept: [0, 1, 2] });
  if (code !== 0) return userspaceImplementation;
  await run('ip', ['link', 'del', name]);
  return kernelImplementation;
}
