/** From the objects that the controller left for one tunnel to what its interface should be. */
import { Address4 } from 'ip-address';
import type { HandoverPeer, TunnelHandover } from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import type { Peer, TunnelState } from '../wireguard/index.ts';
import { networksOf, overlapping, type PeerNetwork } from './distinct-networks.ts';
import { readAccess, readPeers, readPrivateKey, readTunnel } from './handover-parts.ts';
import type { Problem } from './problem.ts';

/** The objects of one tunnel that are there, by block where they have one. */
export interface HandoverObjects {
  tunnel: ConfigMap | undefined;
  key: Secret | undefined;
  peers: ReadonlyMap<number, ConfigMap>;
  access: ReadonlyMap<number, Secret>;
}

export type TunnelInterface = Omit<TunnelState, 'peers'>;

/** One peer with the Router behind it and where its log-in is kept. */
export interface DesiredPeer {
  peer: Peer;
  router: HandoverPeer;
  block: number;
}

export interface DesiredTunnel {
  handover: TunnelHandover | undefined;
  /** Absent when the interface must be left as it is. */
  interface: TunnelInterface | undefined;
  /** All peers that could be read, by public key. */
  peers: ReadonlyMap<string, DesiredPeer>;
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

/**
 * The memory of blocks read before: an unchanged pair of objects gives the very same peers, so that one change among
 * 65,000 peers costs the reading of one block and a comparison by identity of the rest.
 */
export class BlockMemory {
  readonly #blocks = new WeakMap<ConfigMap, { access: Secret; block: Block }>();

  read(handover: TunnelHandover, number: number, peers: ConfigMap, access: Secret): Block {
    const known = this.#blocks.get(peers);
    if (known?.access === access && known.block.subnet === handover.subnet) return known.block;
    const block = readBlock(handover, number, peers, access);
    this.#blocks.set(peers, { access, block });
    return block;
  }
}

interface Block {
  subnet: string;
  peers: DesiredPeer[];
  /** Behind its routers. */
  networks: PeerNetwork[];
  problems: Problem[];
}

export function desiredTunnel(index: number, objects: HandoverObjects, memory: BlockMemory): DesiredTunnel {
  if (objects.tunnel === undefined) {
    return failed({
      reason: 'Pending',
      message: `ConfigMap tunnel-${index} is missing. The tunnel works on as it is; the controller makes the ConfigMap again.`,
    });
  }
  const tunnel = readTunnel(index, objects.tunnel);
  if (!tunnel.ok) return failed(tunnel.problem);
  const handover = tunnel.value;
  const { peers, problems } = readBlocks(handover, objects, memory);
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
    problems: (key.ok ? problems : [key.problem, ...problems]).slice(0, MAX_PROBLEMS),
  };
}

function failed(problem: Problem): DesiredTunnel {
  return { ...noTunnel, problems: [problem] };
}

function interfaceOf(handover: TunnelHandover, privateKey: string): TunnelInterface {
  const length = handover.subnet.split('/')[1];
  return {
    interfaceName: handover.interfaceName,
    privateKey,
    listenPort: handover.listenPort,
    addresses: [`${handover.serverAddress}/${length}`],
    mtu: handover.mtu,
    ...(handover.routerToRouter && { routerToRouter: handover.routerToRouter }),
  };
}

function readBlocks(handover: TunnelHandover, objects: HandoverObjects, memory: BlockMemory) {
  const peers = new Map<string, DesiredPeer>();
  const owners = new Map<string, string>();
  const networks: PeerNetwork[] = [];
  const problems: Problem[] = [];
  for (const number of handover.blocks) {
    const peersObject = objects.peers.get(number);
    const accessObject = objects.access.get(number);
    if (peersObject === undefined || accessObject === undefined) {
      const missing = peersObject === undefined ? 'ConfigMap' : 'Secret';
      const part = peersObject === undefined ? 'peers' : 'access';
      problems.push({
        reason: 'Pending',
        message: `${missing} tunnel-${handover.index}-${part}-${number} is missing. No peer is taken away until the controller has made it again.`,
      });
      continue;
    }
    const block = memory.read(handover, number, peersObject, accessObject);
    problems.push(...block.problems);
    networks.push(...block.networks);
    for (const desired of block.peers) {
      const { publicKey, address } = desired.router;
      const taken = peers.has(publicKey) ? `the public key ${publicKey}` : owners.has(address) && address;
      if (taken) problems.push(duplicate(handover.index, number, desired.router, taken));
      else {
        peers.set(publicKey, desired);
        owners.set(address, publicKey);
      }
    }
  }
  for (const [publicKey, taken] of overlapping(networks)) {
    const desired = peers.get(publicKey);
    if (desired !== undefined) peers.set(publicKey, without(desired, taken));
  }
  return { peers, problems };
}

function without(desired: DesiredPeer, networks: ReadonlySet<string>): DesiredPeer {
  const allowedIPs = desired.peer.allowedIPs.filter((text) => !networks.has(text));
  return { ...desired, peer: { ...desired.peer, allowedIPs } };
}

function duplicate(index: number, block: number, router: HandoverPeer, what: string): Problem {
  return {
    reason: 'ProgrammingFailed',
    message: `ConfigMap tunnel-${index}-peers-${block} gives Router ${router.namespace}/${router.name} ${what}, which another Router has. The first keeps it; the controller mends the ConfigMap.`,
  };
}

function readBlock(handover: TunnelHandover, number: number, peers: ConfigMap, access: Secret): Block {
  const { subnet } = handover;
  const text = readPeers(peers);
  if (!text.ok) return { subnet, peers: [], networks: [], problems: [text.problem] };
  const network = new Address4(subnet);
  const block: Block = { subnet, peers: [], networks: [], problems: [] };
  for (const router of text.value) {
    const login = readAccess(access, router.address);
    if (login === undefined) {
      block.problems.push({
        reason: 'Pending',
        message: `Secret ${access.metadata.name} has no usable entry for ${router.address} (Router ${router.namespace}/${router.name}), so its pre-shared key is not known. The peer stays as it is; the controller writes the entry again.`,
      });
    } else if (router.address === handover.serverAddress || !inside(router.address, network)) {
      block.problems.push({
        reason: 'ProgrammingFailed',
        message: `ConfigMap ${peers.metadata.name} gives Router ${router.namespace}/${router.name} an address that is not its own inside ${subnet}. The peer stays as it is; the controller mends the ConfigMap.`,
      });
    } else if (router.allowedIPs.slice(1).some((text) => meets(text, network))) {
      block.problems.push({
        reason: 'ProgrammingFailed',
        message: `ConfigMap ${peers.metadata.name} gives Router ${router.namespace}/${router.name} a network that overlaps ${subnet}, the tunnel's own. The peer stays as it is; the controller mends the ConfigMap.`,
      });
    } else {
      const peer = peerOf(router, login.presharedKey);
      block.peers.push({ peer, router, block: number });
      block.networks.push(...networksOf(peer));
    }
  }
  return block;
}

function inside(address: string, network: Address4): boolean {
  return Address4.isValid(address) && new Address4(address).isInSubnet(network);
}

const meets = (text: string, network: Address4): boolean =>
  new Address4(text).isInSubnet(network) || network.isInSubnet(new Address4(text));

function peerOf(router: HandoverPeer, presharedKey: string | undefined): Peer {
  const { publicKey, allowedIPs } = router;
  return { publicKey, allowedIPs, ...(presharedKey !== undefined && { presharedKey }) };
}
