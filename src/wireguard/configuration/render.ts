import type { HandoverPeer } from '../../api/handover.ts';
import { WireGuardError } from '../errors.ts';
import { parseAddress } from '../ipv4.ts';
import { normalise, problemOf } from './peer.ts';

function renderPeer(peer: HandoverPeer): string {
  const problem = problemOf(peer);
  if (problem !== undefined) {
    const router = JSON.stringify(`${peer.namespace}/${peer.name}`.slice(0, 320));
    throw new WireGuardError('InvalidPeer', `Router ${router} cannot be written as a peer: ${problem}.`);
  }
  const { namespace, name, uid, address, publicKey, allowedIPs } = normalise(peer);
  return [
    '[Peer]',
    `# Router = ${namespace}/${name} ${uid} ${address}`,
    `PublicKey = ${publicKey}`,
    `AllowedIPs = ${allowedIPs.join(', ')}`,
    '',
  ].join('\n');
}

/**
 * The text of `peers.conf`: one `[Peer]` section a router, by address, as `wg addconf` takes it. The same peers give
 * the same text in whatever order they come. Throws `InvalidPeer` for a field that could not be read back.
 */
export function renderPeers(peers: readonly HandoverPeer[]): string {
  return peers
    .map((peer) => ({ peer, order: parseAddress(peer.address) ?? 0 }))
    .sort((a, b) => a.order - b.order)
    .map(({ peer }) => renderPeer(peer))
    .join('\n');
}
