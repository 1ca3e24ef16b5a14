/** 2. A tenant's numbers and key stay, as long as anything of the tenant's is there and for the quarantine after. */
import type { TunnelEntry } from '../../../src/allocation/index.ts';
import { TENANT_TUNNELS, type TenantTunnel } from '../../../src/api/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { QUARANTINE_SECONDS } from './given.ts';

export class GivenToTenants {
  readonly #given = new Map<string, TunnelEntry>();
  /** Since when no TenantTunnel is a tenant's. */
  readonly #gone = new Map<string, number>();
  readonly #server: ApiServer;
  readonly #now: () => number;

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  see({ plural, before, after }: Change): void {
    if (plural !== 'tenanttunnels') return;
    const tenant = tenantOf((after ?? before) as TenantTunnel);
    const isThere = this.#server.all(TENANT_TUNNELS).some((one) => tenantOf(one) === tenant);
    const goneAt = this.#gone.get(tenant);
    if (!isThere) this.#gone.set(tenant, goneAt ?? this.#now());
    else if (goneAt !== undefined) {
      if (this.#isOver(goneAt)) this.#given.delete(tenant);
      this.#gone.delete(tenant);
    }
  }

  ledger(picture: Picture): void {
    const now = new Map([...picture.tunnels.values()].map((entry) => [entry.tenant, entry]));
    for (const [tenant, given] of this.#given) {
      const entry = now.get(tenant);
      const goneAt = this.#gone.get(tenant);
      if (entry === undefined && goneAt !== undefined && this.#isOver(goneAt)) this.#given.delete(tenant);
      else if (entry === undefined || !isSame(entry, given)) {
        throw new Violation(
          '2 given',
          `Tenant ${tenant} was given ${numbers(given)}; ledger: ${entry && numbers(entry)}`,
        );
      }
    }
    for (const [tenant, entry] of now) if (!this.#given.has(tenant)) this.#given.set(tenant, entry);
  }

  #isOver(goneAt: number): boolean {
    return this.#now() - goneAt >= QUARANTINE_SECONDS * 1000;
  }
}

const tenantOf = (tunnel: TenantTunnel): string => tunnel.spec.tenant ?? tunnel.metadata.name;

const numbers = ({ index, subnet, listenPort, publicKey }: TunnelEntry): string =>
  `${index} ${subnet} ${listenPort} ${publicKey}`;

const isSame = (a: TunnelEntry, b: TunnelEntry): boolean => numbers(a) === numbers(b);
