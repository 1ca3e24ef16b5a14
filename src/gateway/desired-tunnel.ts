/** From the objects that the controller left for one tunnel to what its interface should be. */
import type { TunnelHandover } from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import type { TunnelState } from '../wireguard/index.ts';
import { address6Of, type Block, BlockMemory } from './handover-block.ts';
import { readPrivateKey, readTunnel } from './handover-parts.ts';
import type { Problem } from './problem.ts';
import { type DesiredPeers, type PeerChanges, PeerUnion, type TunnelPeers } from './tunnel-peers.ts';

/** The objects of one tunnel that are there, by block where they have one. */
export interface HandoverObjects {
  tunnel: ConfigMap | undefined;
  key: Secret | undefined;
  peers: ReadonlyMap<number, ConfigMap>;
  access: ReadonlyMap<number, Secret>;
}

export type TunnelInterface = Omit<TunnelState, 'peers'>;

export interface DesiredTunnel {
  handover: TunnelHandover | undefined;
  /** Absent when the interface must be left as it is. */
  interface: TunnelInterface | undefined;
  /** All peers that could be read, by public key. */
  peers: DesiredPeers;
  /** In what they differ from those of an earlier reading; absent where that is not known. */
  changes?: PeerChanges | undefined;
  /** Empty when the objects are complete: only then may peers be taken away. */
  problems: Problem[];
}

/** Enough to tell a person what is wrong; 256 broken blocks have one cause. */
const MAX_PROBLEMS = 5;

export const noTunnel: DesiredTunnel = {
  handover: undefined,
  interface: undefined,
  peers: new Map(),
  problems: [],
};

/** What was read of one tunnel last, so that one change among 65,000 peers costs the reading of one block. */
export class TunnelMemory {
  readonly blocks = new BlockMemory();
  readonly union = new PeerUnion();
}

export function desiredTunnel(index: number, objects: HandoverObjects, memory: TunnelMemory): DesiredTunnel {
  if (objects.tunnel === undefined) {
    return failed({
      reason: 'Pending',
      message: `ConfigMap tunnel-${index} is missing. The tunnel works on as it is; the controller makes the ConfigMap again.`,
    });
  }
  const tunnel = readTunnel(index, objects.tunnel);
  if (!tunnel.ok) return failed(tunnel.problem);
  const handover = tunnel.value;
  const { peers, changes, problems } = readBlocks(handover, objects, memory);
  const key: ReturnType<typeof readPrivateKey> =
    objects.key === undefined
      ? {
          ok: false,
          problem: {
            reason: 'Pending',
            message: `Secret tunnel-${index} with the server's private key is missing. The tunnel works on as it is; the controller makes the Secret again.`,
          },
        }
      : readPrivateKey(objects.key, handover.publicKey);
  return {
    handover,
    interface: key.ok ? interfaceOf(handover, key.value) : undefined,
    peers,
    changes,
    problems: (key.ok ? problems : [key.problem, ...problems]).slice(0, MAX_PROBLEMS),
  };
}

function failed(problem: Problem): DesiredTunnel {
  return { ...noTunnel, problems: [problem] };
}

function interfaceOf(handover: TunnelHandover, privateKey: string): TunnelInterface {
  const length = handover.subnet.split('/')[1];
  const own6 = address6Of(handover, handover.serverAddress);
  return {
    interfaceName: handover.interfaceName,
    privateKey,
    listenPort: handover.listenPort,
    addresses: [`${handover.serverAddress}/${length}`, ...(own6 === undefined ? [] : [`${own6}/64`])],
    mtu: handover.mtu,
    ...(handover.routerToRouter && { routerToRouter: handover.routerToRouter }),
  };
}

function readBlocks(handover: TunnelHandover, objects: HandoverObjects, memory: TunnelMemory): TunnelPeers {
  const blocks = new Map<number, Block>();
  const missing: Problem[] = [];
  for (const number of handover.blocks) {
    const peers = objects.peers.get(number);
    const access = objects.access.get(number);
    if (peers !== undefined && access !== undefined) {
      blocks.set(number, memory.blocks.read(handover, number, { peers, access }));
    } else missing.push(missingPart(handover.index, number, peers === undefined));
  }
  memory.blocks.retain(handover.blocks);
  const union = memory.union.of(handover.index, blocks);
  // Peers of a block that is merely missing are not gone.
  return missing.length === 0 ? union : { peers: union.peers, problems: [...missing, ...union.problems] };
}

function missingPart(index: number, block: number, isPeers: boolean): Problem {
  const [kind, part] = isPeers ? ['ConfigMap', 'peers'] : ['Secret', 'access'];
  return {
    reason: 'Pending',
    message: `${kind} tunnel-${index}-${part}-${block} is missing. No peer is taken away until the controller has made it again.`,
  };
}
