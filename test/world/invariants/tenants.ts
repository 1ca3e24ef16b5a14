/** 2. A tenant's numbers and key stay, as long as anything of the tenant's is there and for the quarantine after. */
import type { TunnelEntry } from '../../../src/allocation/index.ts';
import { TENANT_TUNNELS, type TenantTunnel } from '../../../src/api/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { LONGEST_LAG_MS, QUARANTINE_SECONDS } from './times.ts';

export class GivenToTenants {
  readonly #given = new Map<string, TunnelEntry>();
  /** Since when no TenantTunnel is a tenant's. */
  readonly #gone = new Map<string, number>();
  readonly #server: ApiServer;
  readonly #now: () => number;
  readonly #wall: () => number;

  constructor(server: ApiServer, now: () => number, wall: () => number) {
    this.#server = server;
    this.#now = now;
    this.#wall = wall;
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
      if (entry === undefined && this.#mayBeForgotten(given)) this.#given.delete(tenant);
      else if (entry === undefined || !isSame(entry, given)) {
        const is = entry && numbers(entry);
        throw new Violation('2 given', `Tenant ${tenant} was given ${numbers(given)}; ledger: ${is}`);
      } else this.#released(given, entry);
    }
    for (const [tenant, entry] of now) this.#given.set(tenant, entry);
  }

  forgetTheGone(): void {
    for (const [tenant, { releasedAt }] of this.#given) {
      if (releasedAt !== undefined || this.#gone.has(tenant)) this.#given.delete(tenant);
    }
  }

  /** One that was released, or whose TenantTunnel is gone, so long ago that the quarantine is over. */
  #mayBeForgotten({ tenant, releasedAt }: TunnelEntry): boolean {
    const goneAt = this.#gone.get(tenant);
    if (goneAt !== undefined && this.#isOver(goneAt)) return true;
    return releasedAt !== undefined && Date.parse(releasedAt) + QUARANTINE_SECONDS * 1000 <= this.#wall();
  }

  #released(before: TunnelEntry, { tenant, owner, releasedAt }: TunnelEntry): void {
    if (before.releasedAt !== undefined || releasedAt === undefined) return;
    const holder = this.#server.peek(TENANT_TUNNELS, owner);
    if (holder === undefined || holder.metadata.deletionTimestamp !== undefined) return;
    const isOld = Date.parse(holder.metadata.creationTimestamp) + LONGEST_LAG_MS < this.#wall();
    if (isOld && tenantOf(holder) === tenant) {
      throw new Violation('2 given', `Tenant ${tenant}'s tunnel is released, and ${owner} is there`);
    }
  }

  #isOver(goneAt: number): boolean {
    return this.#now() - goneAt >= QUARANTINE_SECONDS * 1000;
  }
}

const tenantOf = (tunnel: TenantTunnel): string => tunnel.spec.tenant ?? tunnel.metadata.name;

const numbers = ({ index, subnet, listenPort, publicKey }: TunnelEntry): string =>
  `${index} ${subnet} ${listenPort} ${publicKey}`;

const isSame = (a: TunnelEntry, b: TunnelEntry): boolean => numbers(a) === numbers(b);
