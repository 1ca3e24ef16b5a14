/**
 * Reads the single objects that the controller leaves for this node. They may have been edited by hand into anything:
 * what does not read is a {@link Problem}, never an exception, and nothing of a Secret's content is quoted.
 */
import { Address4 } from 'ip-address';
import {
  type HandoverPeer,
  isSubnet6,
  PEERS_KEY,
  PRIVATE_KEY,
  type RouterAccess,
  TUNNEL_KEY,
  type TunnelHandover,
} from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import { isKey, parsePeers, publicKeyOf } from '../wireguard/index.ts';
import { type Read, read, unreadable } from './problem.ts';

const MENDS = 'The controller mends it by itself; if it does not, see whether the controller runs.';
/** Handover texts are made by us; anything longer was not. */
const MAX_TUNNEL_TEXT = 1024 * 1024;

export interface HandoverName {
  index: number;
  part: 'tunnel' | 'peers' | 'access';
  block: number;
}

/** Takes an object name of src/api/handover.ts apart; undefined for a name that is none of ours. */
export function parseHandoverName(name: string): HandoverName | undefined {
  const match = /^tunnel-(0|[1-9]\d{0,5})(?:-(peers|access)-(0|[1-9]\d{0,5}))?$/.exec(name);
  if (match === null) return undefined;
  return {
    index: Number(match[1]),
    part: (match[2] as 'peers' | 'access' | undefined) ?? 'tunnel',
    block: Number(match[3] ?? 0),
  };
}

export function readTunnel(index: number, object: ConfigMap): Read<TunnelHandover> {
  const invalid = (what: string) =>
    unreadable('ProgrammingFailed', `ConfigMap ${object.metadata.name} ${what}. ${MENDS}`);
  const text = object.data?.[TUNNEL_KEY];
  if (text === undefined) return invalid(`has no key ${TUNNEL_KEY}`);
  const value = text.length <= MAX_TUNNEL_TEXT ? parseObject(text) : undefined;
  if (value === undefined) return invalid(`holds no JSON object in ${TUNNEL_KEY}`);
  if (value.formatVersion !== 1) {
    return unreadable(
      'ProgrammingFailed',
      `ConfigMap ${object.metadata.name} has formatVersion ${JSON.stringify(value.formatVersion)?.slice(0, 20)}, this agent knows 1. Bring controller and agents to one version.`,
    );
  }
  const wrong = wrongField(index, value);
  if (wrong !== undefined) return invalid(`has ${wrong}`);
  return read(value as unknown as TunnelHandover);
}

function wrongField(index: number, value: Record<string, unknown>): string | undefined {
  const owner = value.tenantTunnel as Record<string, unknown> | null | undefined;
  const texts = [value.tenant, value.publicKey, owner?.namespace, owner?.name, owner?.uid];
  if (!texts.every((text) => typeof text === 'string' && text.length > 0 && text.length <= 253)) {
    return 'no usable tenant, publicKey or tenantTunnel';
  }
  // The name decides whose interface is changed: it must be this tunnel's own.
  if (value.index !== index) return `an index other than ${index}`;
  if (value.interfaceName !== `wg${index}`) return `an interfaceName other than wg${index}`;
  if (!isIntegerIn(value.listenPort, 1, 65_535)) return 'no listenPort from 1 to 65535';
  if (!isIntegerIn(value.mtu, 576, 65_535)) return 'no mtu from 576 to 65535';
  if (![undefined, 'Allow', 'Deny'].includes(value.routerToRouter as string | undefined)) {
    return 'a routerToRouter that is neither Allow nor Deny';
  }
  if (value.endpoint !== undefined && !isEndpoint(value.endpoint)) return 'an endpoint without host or port';
  const subnet = parseNetwork(value.subnet);
  if (subnet === undefined) return 'no IPv4 network as subnet';
  if (!isAddressIn(value.serverAddress, subnet)) return 'no serverAddress inside its subnet';
  if (value.subnet6 !== undefined && !isSubnet6(value.subnet6))
    return 'no IPv6 network of a tunnel as subnet6';
  const blocks = value.blocks;
  if (!Array.isArray(blocks) || !blocks.every((block) => isIntegerIn(block, 0, 999_999))) {
    return 'no list of block numbers';
  }
  return undefined;
}

/** The server's private key, when it is the one whose public key the routers know. */
export function readPrivateKey(object: Secret, publicKey: string): Read<string> {
  const encoded = object.data?.[PRIVATE_KEY];
  const key = encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('latin1').trim();
  if (key === undefined || key === '') {
    return unreadable(
      'Pending',
      `Secret ${object.metadata.name} has no ${PRIVATE_KEY}. Its interface stays as it is; ${MENDS}`,
    );
  }
  if (derivePublicKey(key) !== publicKey) {
    return unreadable(
      'ProgrammingFailed',
      `The private key in Secret ${object.metadata.name} does not belong to the public key ${publicKey} that the tunnel's routers know. The interface keeps the key it has; ${MENDS}`,
    );
  }
  return read(key);
}

export function readPeers(object: ConfigMap): Read<HandoverPeer[]> {
  const text = object.data?.[PEERS_KEY];
  if (text === undefined) {
    return unreadable(
      'ProgrammingFailed',
      `ConfigMap ${object.metadata.name} has no key ${PEERS_KEY}. ${MENDS}`,
    );
  }
  try {
    return read(parsePeers(text));
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 300) : 'it does not parse';
    return unreadable('ProgrammingFailed', `ConfigMap ${object.metadata.name}: ${why} ${MENDS}`);
  }
}

/** What logs in at one address; undefined when the Secret has nothing usable for it. */
export function readAccess(object: Secret, address: string): RouterAccess | undefined {
  const encoded = object.data?.[address];
  if (encoded === undefined || encoded.length > 16_384) return undefined;
  const value = parseObject(Buffer.from(encoded, 'base64').toString('utf8'));
  if (value === undefined) return undefined;
  const { user, password, apiPort, presharedKey, nextPublicKey, ownKey, next, revision, used, due } = value;
  if (typeof user !== 'string' || typeof password !== 'string' || !isIntegerIn(apiPort, 1, 65_535)) {
    return undefined;
  }
  if (presharedKey !== undefined && typeof presharedKey !== 'string') return undefined;
  return {
    user,
    password,
    apiPort,
    ...(presharedKey !== undefined && { presharedKey }),
    ...(typeof nextPublicKey === 'string' && isKey(nextPublicKey) && { nextPublicKey }),
    ...(ownKey === true && { ownKey }),
    ...(typeof next === 'string' && next !== '' && { next }),
    ...(isIntegerIn(revision, 0, Number.MAX_SAFE_INTEGER - 1) && { revision }),
    ...(typeof used === 'string' && { used }),
    ...(due === true && { due }),
  };
}

function derivePublicKey(privateKey: string): string | undefined {
  try {
    return publicKeyOf(privateKey);
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function parseNetwork(text: unknown): Address4 | undefined {
  if (typeof text !== 'string' || !text.includes('/') || !Address4.isValid(text)) return undefined;
  return new Address4(text);
}

function isAddressIn(text: unknown, network: Address4): boolean {
  if (typeof text !== 'string' || text.includes('/') || !Address4.isValid(text)) return false;
  return new Address4(text).isInSubnet(network);
}

/** Text that may stand in an endpoint, and nothing that could be more than that on a router. */
function isEndpoint(value: unknown): boolean {
  const { host, port } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof host === 'string' &&
    /^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/.test(host) &&
    isIntegerIn(port, 1, 65_535)
  );
}

function isIntegerIn(value: unknown, from: number, to: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to;
}
