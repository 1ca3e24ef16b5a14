import type { HandoverPeer } from '../../api/handover.ts';
import { formatNetwork, type Network, parseAddress, parseCidr } from '../ipv4.ts';
import { isKey } from '../keys.ts';

/** Most networks of one peer: its own address and those behind the router. */
export const MAX_ALLOWED_IPS = 256;

/** RFC 1123 labels and subdomains, which is all that a Kubernetes namespace or object can be called. */
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const UID = /^[A-Za-z0-9-]{1,64}$/;

const byNetwork = (a: Network, b: Network): number => a.base - b.base || a.length - b.length;

/** A problem of one peer, as the end of a sentence that names where it stands; undefined where there is none. */
export function problemOf(peer: HandoverPeer): string | undefined {
  if (!NAMESPACE.test(peer.namespace)) return 'the namespace is not a Kubernetes namespace';
  if (!NAME.test(peer.name)) return 'the name is not a Kubernetes object name';
  if (!UID.test(peer.uid)) return 'the UID is not a Kubernetes UID';
  if (parseAddress(peer.address) === undefined) return 'the address is not an IPv4 address';
  if (!isKey(peer.publicKey)) return 'the public key is not 32 bytes in base64';
  return problemOfAllowedIPs(peer.address, peer.allowedIPs);
}

function problemOfAllowedIPs(address: string, allowedIPs: readonly string[]): string | undefined {
  if (allowedIPs.length > MAX_ALLOWED_IPS) return `there are more than ${MAX_ALLOWED_IPS} allowed IPs`;
  if (allowedIPs[0] !== `${address}/32`) return `the first allowed IP must be ${address}/32`;
  for (const text of allowedIPs) {
    const network = parseCidr(text);
    if (network === undefined) return 'an allowed IP is not an IPv4 network like 192.168.88.0/24';
    if (network.address !== network.base) return `write the allowed IP ${text} as ${formatNetwork(network)}`;
  }
  return undefined;
}

/** The same peer with its further networks in numeric order. */
export function normalise(peer: HandoverPeer): HandoverPeer {
  const [own, ...rest] = peer.allowedIPs;
  const networks = rest.flatMap((text) => parseCidr(text) ?? []).sort(byNetwork);
  return { ...peer, allowedIPs: [...(own === undefined ? [] : [own]), ...networks.map(formatNetwork)] };
}
