/** Nothing is said in a status, nor handed over, before it stands in the ledger. */
import { isLive } from '../../../src/allocation/index.ts';
import type { Router, TenantTunnel } from '../../../src/api/index.ts';
import { keyOf } from '../../../src/kube/index.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

/** All that ever stood in the ledger. */
export class Recorded {
  readonly #said = new Set<string>();

  see(picture: Picture): void {
    for (const { entry, address } of picture.records()) {
      if (isLive(entry)) this.#said.add(`${entry.owner} ${address} ${entry.publicKey}`);
    }
    for (const { tenant, index, subnet, listenPort, publicKey } of picture.tunnels.values()) {
      this.#said.add(`${tenant} ${index} ${subnet} ${listenPort} ${publicKey}`);
    }
  }

  router({ metadata, status }: Router): void {
    const { address, publicKey, script } = status ?? {};
    if (script !== undefined) this.#check('status', `${keyOf({ metadata })} ${address} ${publicKey}`);
  }

  tunnel({ spec, metadata, status }: TenantTunnel): void {
    const { index, subnet, listenPort, publicKey } = status ?? {};
    if (index === undefined) return;
    this.#check('status', `${spec.tenant ?? metadata.name} ${index} ${subnet} ${listenPort} ${publicKey}`);
  }

  handover(picture: Picture): void {
    for (const { peer } of picture.peers()) {
      this.#check('handed over', `${peer.namespace}/${peer.name} ${peer.address} ${peer.publicKey}`);
    }
    for (const { tunnel } of picture.handovers.values()) {
      if (tunnel === undefined) continue;
      const { tenant, index, subnet, listenPort, publicKey } = tunnel;
      this.#check('handed over', `${tenant} ${index} ${subnet} ${listenPort} ${publicKey}`);
    }
  }

  #check(where: string, what: string): void {
    if (!this.#said.has(what))
      throw new Violation('1 ledger first', `${where}: ${what} never stood in the ledger`);
  }
}
