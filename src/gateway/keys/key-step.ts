/** What is to be done next for a router to have a WireGuard key of its own. Pure. */
import type { Router } from '../../api/index.ts';
import type { DesiredPeer } from '../handover-block.ts';

/** What its status says, or is about to: `RouterStatus.credentials.key`. */
export type KeySaying = NonNullable<NonNullable<NonNullable<Router['status']>['credentials']>['key']>;

/**
 * - `make`: the router is to make a key.
 * - `use`: it has made `next`, which is let in, and is to use it.
 * - `none`: all is as it should be, or somebody else has to do something first, and wakes us by that.
 */
export type KeyStep = { step: 'none' } | { step: 'make' } | { step: 'use'; next: string };

export interface KeyInput {
  router: Pick<Router, 'spec' | 'status'>;
  peer: Pick<DesiredPeer, 'isScriptUsed' | 'isOwnKey' | 'next' | 'isNextKept'> & {
    router: { publicKey: string };
  };
  /** Of this process; undefined: what the status says counts. */
  saying: KeySaying | undefined;
  /** Whether routers of the tunnel make keys of their own. */
  ownKeys: boolean;
  /** A standby for `peer.next` was given to WireGuard. */
  isLetIn: boolean;
}

const NONE: KeyStep = { step: 'none' };

export function keyStep({ router, peer, saying, ownKeys, isLetIn }: KeyInput): KeyStep {
  const { publicKey } = peer.router;
  const said = saying ?? router.status?.credentials?.key;
  if (peer.next !== undefined) {
    // The router may have it by now, whatever the class or the manifest says since.
    const isSaid = said?.inUse === true && said.after === publicKey && said.publicKey === peer.next;
    return isSaid || !isLetIn || peer.isNextKept ? NONE : { step: 'use', next: peer.next };
  }
  if (!ownKeys || router.spec.publicKey !== undefined || !peer.isScriptUsed || peer.isOwnKey) return NONE;
  if (said?.publicKey === publicKey && said.inUse === true) return NONE;
  return said?.after === publicKey ? NONE : { step: 'make' };
}
