import { run } from '../command.ts';
import type { SidecarVersion } from '../protocol.ts';
import type { TunnelNames } from '../tunnel/names.ts';
import { controlSocketOf } from './control-socket.ts';
import type { Device } from './device.ts';
import { KernelDevice } from './kernel.ts';
import type { Processes } from './processes.ts';
import { UserspaceDevice } from './userspace.ts';

/** How interfaces are made on this node, and how they are talked to. */
export interface Implementation {
  readonly name: NonNullable<SidecarVersion['implementation']>;
  /** What an interface is called while it is still in the node's namespace. */
  stagedName(names: TunnelNames): string;
  /** Makes the interface in the node's namespace, where its UDP socket stays. */
  create(names: TunnelNames): Promise<void>;
  /** Moves it from there into the tunnel's namespace. */
  move(names: TunnelNames): Promise<void>;
  device(names: TunnelNames): Device;
}

/** An interface of the node called `wg0` is somebody else's: ours is staged under the namespace's name. */
export const kernelImplementation: Implementation = {
  name: 'kernel',
  stagedName: (names) => names.namespace,
  create: async (names) => {
    await run('ip', ['link', 'add', names.namespace, 'type', 'wireguard']);
  },
  move: async (names) => {
    const target = ['netns', names.namespace, 'name', names.interfaceName];
    await run('ip', ['link', 'set', names.namespace, ...target]);
  },
  device: (names) => new KernelDevice(names.namespacePath, names.interfaceName),
};

/** wireguard-go's control socket is called as the interface was first called, and `wg show wg0` looks for wg0.sock. */
export const userspaceImplementation = (processes: Processes): Implementation => ({
  name: 'wireguard-go',
  stagedName: (names) => names.interfaceName,
  create: (names) => processes.start(names.interfaceName),
  // The kernel tells wireguard-go at once of what happens in its own namespace, where it therefore is brought up; in
  // another it looks once a second (tun_linux.go), and a tunnel made anew would be deaf for so long.
  move: async ({ interfaceName, namespace }) => {
    const input = `link set ${interfaceName} up\nlink set ${interfaceName} netns ${namespace}\n`;
    await run('ip', ['-batch', '-'], { input });
    processes.moved(interfaceName);
  },
  device: (names) => new UserspaceDevice(controlSocketOf(names.interfaceName)),
});
