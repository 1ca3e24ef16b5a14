/** 5. No peer is taken away from a Router that is as it was, whatever becomes of controllers. */

import type { HandoverPeer } from '../../../src/api/index.ts';
import { ROUTERS } from '../../../src/api/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

/** Longer than any cache lags and any request takes. */
const QUIET_MS = 150_000;

export class Steady {
  #peers = new Map<string, HandoverPeer>();
  #touched = Number.NEGATIVE_INFINITY;
  readonly #server: ApiServer;
  readonly #now: () => number;

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  see(change: Change, picture: Picture): void {
    if (change.by === 'people' && change.plural !== 'leases') this.#touched = this.#now();
    if (change.plural !== 'configmaps') return;
    const peers = new Map(
      [...picture.peers()].map(({ tunnel, peer }) => [`${tunnel} ${peer.publicKey}`, peer]),
    );
    if (change.by !== 'people' && this.#now() - this.#touched > QUIET_MS) this.#check(peers);
    this.#peers = peers;
  }

  #check(peers: ReadonlyMap<string, HandoverPeer>): void {
    for (const [place, { namespace, name, uid }] of this.#peers) {
      if (peers.has(place)) continue;
      const router = this.#server.peek(ROUTERS, `${namespace}/${name}`);
      if (router === undefined || router.metadata.uid !== uid || router.spec.suspended) continue;
      throw new Violation(
        '5 steady',
        `Router ${namespace}/${name} was taken off tunnel ${place} by nobody's wish`,
      );
    }
  }
}
