import { type AddressUse, isLive } from '../allocation/index.ts';
import { nameOf } from '../kube/index.ts';
import { type ScrapedMetric, scrapedGauge } from '../process/index.ts';
import { addressUseOf } from './address-pressure.ts';
import type { World } from './world.ts';

/** What the ledger tells; nothing while this process has never led, and so never read it. */
export function ledgerMetrics(world: Pick<World, 'caches' | 'ledger'>): ScrapedMetric[] {
  const { ledger } = world;
  const addresses = (name: string, help: string, value: (use: AddressUse) => number): ScrapedMetric => ({
    name,
    help,
    type: 'gauge',
    labelNames: ['namespace', 'tunnel'],
    *series() {
      for (const entry of ledger.tunnels.values()) {
        const use = isLive(entry) ? addressUseOf(world, entry) : undefined;
        const owner = nameOf(entry.owner);
        if (use !== undefined) yield [[owner.namespace ?? '', owner.name], value(use)];
      }
    },
  });
  return [
    {
      name: 'tto_controller_tunnels',
      help: 'Tunnels in the ledger, by state: live or quarantined.',
      type: 'gauge',
      labelNames: ['state'],
      *series() {
        const live = [...ledger.tunnels.values()].filter(isLive).length;
        yield [['live'], live];
        yield [['quarantined'], ledger.tunnels.size - live];
      },
    },
    scrapedGauge(
      'tto_controller_ledger_unreadable',
      'Objects and records of the ledger that cannot be read.',
      () => ledger.countUnreadable(),
    ),
    addresses(
      'tto_tunnel_addresses',
      'Addresses that routers of a tunnel may have. From the leader.',
      ({ total }) => total,
    ),
    addresses(
      'tto_tunnel_addresses_used',
      'Addresses of a tunnel that no new router can get: of routers, and in quarantine. From the leader.',
      ({ taken }) => taken,
    ),
  ];
}
