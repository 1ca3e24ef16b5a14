/** IPv6 of tunnels: no two have one /64; what was handed over stays, whatever becomes of pools; and a status tells it. */
import { isLive, routerAddress6 } from '../../../src/allocation/index.ts';
import { ROUTERS, TENANT_TUNNELS } from '../../../src/api/index.ts';
import type { ApiServer } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

const wrong = (message: string): Violation => new Violation('1 unique', message);

export class Subnets6 {
  /** Public key of a tunnel → its /64, once it was handed over. */
  readonly #given = new Map<string, string>();

  handover(picture: Picture): void {
    const holders = new Map<string, number>();
    for (const { tunnel } of picture.handovers.values()) {
      const { subnet6, index, publicKey } = tunnel ?? {};
      if (subnet6 === undefined || index === undefined || publicKey === undefined) continue;
      const other = holders.get(subnet6);
      if (other !== undefined) throw wrong(`handed over: tunnels ${other} and ${index} share ${subnet6}`);
      holders.set(subnet6, index);
      const before = this.#given.get(publicKey) ?? subnet6;
      if (before !== subnet6) throw wrong(`handed over: tunnel ${index} had ${before}, and has ${subnet6}`);
      this.#given.set(publicKey, subnet6);
    }
  }

  ledger(picture: Picture): void {
    const holders = new Map<string, number>();
    for (const { subnet6, index, publicKey } of picture.tunnels.values()) {
      const before = this.#given.get(publicKey) ?? subnet6;
      if (before !== subnet6) throw wrong(`ledger: tunnel ${index} had ${before}, and has ${subnet6}`);
      if (subnet6 === undefined) continue;
      const other = holders.get(subnet6);
      if (other !== undefined) throw wrong(`ledger: tunnels ${other} and ${index} share ${subnet6}`);
      holders.set(subnet6, index);
    }
  }
}

/** After everything that was to be done is done: statuses and handovers say what the ledger has. */
export function ipv6IsTold(picture: Picture, server: ApiServer): void {
  for (const entry of picture.tunnels.values()) {
    if (!isLive(entry)) continue;
    const { status } = server.peek(TENANT_TUNNELS, entry.owner) ?? {};
    if (status?.publicKey === entry.publicKey && status.subnet6 !== entry.subnet6)
      throw wrong(`status of ${entry.owner}: ${status.subnet6}, not ${entry.subnet6}`);
    const { tunnel } = picture.handovers.get(entry.index) ?? {};
    if (tunnel?.publicKey === entry.publicKey && tunnel.subnet6 !== entry.subnet6)
      throw wrong(`handed over of tunnel ${entry.index}: ${tunnel.subnet6}, not ${entry.subnet6}`);
  }
  for (const { tunnel, block, entry, address } of picture.records()) {
    const of = picture.tunnels.get(tunnel);
    const { status } = server.peek(ROUTERS, entry.owner) ?? {};
    const isTold = status?.address === address && status?.script !== undefined;
    if (!isLive(entry) || of === undefined || !isLive(of) || !isTold) continue;
    const own = routerAddress6(of, { block, entry });
    if (status.address6 !== own) throw wrong(`status of ${entry.owner}: ${status.address6}, not ${own}`);
  }
}
