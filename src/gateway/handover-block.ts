/** Reads the peers of one block of addresses, and remembers those of each block of a tunnel. */
import { Address4 } from 'ip-address';
import { addressIn6, type HandoverPeer, type RouterAccess, type TunnelHandover } from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import { type Peer, parseAddress, parseCidr } from '../wireguard/index.ts';
import { networksOf, type PeerNetwork } from './distinct-networks.ts';
import { readAccess, readPeers } from './handover-parts.ts';
import type { Problem } from './problem.ts';

/** One peer with the Router behind it and where its log-in is kept. */
export interface DesiredPeer {
  peer: Peer;
  router: HandoverPeer;
  block: number;
  /** Number of the password that the router is to be given. */
  due?: number;
  /** Its script was used, so that nobody else is waited for by its key. */
  isScriptUsed?: true;
  /** Its key is one that it has made itself. */
  isOwnKey?: true;
  /** Public key that the router has made, and may come with at any time. */
  next?: string;
  /** That is not handed over any more, and stays until the peer has another key. */
  isNextKept?: true;
}

export interface Block {
  peers: readonly DesiredPeer[];
  /** Behind its routers. */
  networks: readonly PeerNetwork[];
  problems: readonly Problem[];
}

interface Remembered {
  objects: BlockObjects;
  /** What else the reading rests on. */
  place: string;
  block: Block;
}

interface BlockObjects {
  peers: ConfigMap;
  access: Secret;
}

/**
 * The blocks of one tunnel as they were read last: an unchanged pair of objects gives the very same block, and of a changed
 * one the peers that are the same are the very same. So a change is found by comparing identities.
 */
export class BlockMemory {
  readonly #blocks = new Map<number, Remembered>();

  read(handover: TunnelHandover, number: number, objects: BlockObjects): Block {
    const { subnet, serverAddress, subnet6 = '' } = handover;
    const place = `${subnet} ${serverAddress} ${subnet6}`;
    const before = this.#blocks.get(number);
    const isSameObjects = before?.objects.peers === objects.peers && before.objects.access === objects.access;
    if (before?.place === place && isSameObjects) return before.block;
    const read = readBlock(handover, number, objects);
    const block = before === undefined ? read : { ...read, peers: keepSame(read.peers, before, objects) };
    this.#blocks.set(number, { objects, place, block });
    return block;
  }

  /** Forgets all other blocks. */
  retain(numbers: readonly number[]): void {
    const wanted = new Set(numbers);
    for (const number of this.#blocks.keys()) if (!wanted.has(number)) this.#blocks.delete(number);
  }
}

/** With those that are what they were, log-in and all, as the very objects that they were. */
function keepSame(
  peers: readonly DesiredPeer[],
  before: Remembered,
  { access }: BlockObjects,
): readonly DesiredPeer[] {
  const known = new Map(before.block.peers.map((desired) => [desired.router.address, desired]));
  const hadAccess = before.objects.access.data;
  return peers.map((desired) => {
    const { address } = desired.router;
    const had = known.get(address);
    if (had === undefined) return desired;
    const isSame = isSamePeer(had, desired) && hadAccess?.[address] === access.data?.[address];
    return isSame ? had : withKeptNext(desired, had);
  });
}

/**
 * The Secret, which has the next key, and the ConfigMap, which then has it as the peer's, are two objects: between the two
 * a router that uses it must not be cut off. Nor by a controller from before there were such keys, which drops it.
 */
function withKeptNext(desired: DesiredPeer, { router, next }: DesiredPeer): DesiredPeer {
  const isSame = router.publicKey === desired.router.publicKey && router.uid === desired.router.uid;
  if (next === undefined || desired.next !== undefined || !isSame) return desired;
  return { ...desired, next, isNextKept: true };
}

const isSamePeer = (a: DesiredPeer, b: DesiredPeer): boolean =>
  a.router.publicKey === b.router.publicKey &&
  a.router.uid === b.router.uid &&
  a.router.name === b.router.name &&
  a.router.namespace === b.router.namespace &&
  a.peer.presharedKey === b.peer.presharedKey &&
  a.peer.allowedIPs.join() === b.peer.allowedIPs.join();

function readBlock(handover: TunnelHandover, number: number, { peers, access }: BlockObjects): Block {
  const { subnet } = handover;
  const text = readPeers(peers);
  if (!text.ok) return { peers: [], networks: [], problems: [text.problem] };
  const network = new Address4(subnet);
  const block = { peers: [] as DesiredPeer[], networks: [] as PeerNetwork[], problems: [] as Problem[] };
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
      const peer = peerOf(router, login.presharedKey, address6Of(handover, router.address));
      const due = login.due && login.next !== undefined ? (login.revision ?? 0) + 1 : undefined;
      block.peers.push({
        peer,
        router,
        block: number,
        ...(due !== undefined && { due }),
        ...(login.used !== undefined && { isScriptUsed: true }),
        ...(login.ownKey && { isOwnKey: true }),
        ...nextOf(login, router),
      });
      block.networks.push(...networksOf(peer));
    }
  }
  return block;
}

/** Nothing once it is the key of the peer. */
const nextOf = ({ nextPublicKey: next }: RouterAccess, { publicKey }: HandoverPeer): { next?: string } =>
  next === undefined || next === publicKey ? {} : { next };

function inside(address: string, network: Address4): boolean {
  return Address4.isValid(address) && new Address4(address).isInSubnet(network);
}

const meets = (text: string, network: Address4): boolean =>
  new Address4(text).isInSubnet(network) || network.isInSubnet(new Address4(text));

/** The IPv6 address beside an IPv4 address of a tunnel, where the tunnel has a network for that. */
export function address6Of(
  { subnet, subnet6 }: Pick<TunnelHandover, 'subnet' | 'subnet6'>,
  address: string,
): string | undefined {
  // First, since it is asked for each of 65,000 routers.
  if (subnet6 === undefined) return undefined;
  const [first, own] = [parseCidr(subnet)?.base, parseAddress(address)];
  if (first === undefined || own === undefined) return undefined;
  return addressIn6(subnet6, own - first);
}

/** Its own address of either family first, then the networks behind it. */
function peerOf(
  { publicKey, allowedIPs }: HandoverPeer,
  presharedKey: string | undefined,
  address6: string | undefined,
): Peer {
  const [own = '', ...behind] = allowedIPs;
  return {
    publicKey,
    allowedIPs: address6 === undefined ? allowedIPs : [own, `${address6}/128`, ...behind],
    ...(presharedKey !== undefined && { presharedKey }),
  };
}
