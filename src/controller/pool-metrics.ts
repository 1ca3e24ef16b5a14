import { Gauge, type Registry } from 'prom-client';
import type { TunnelClass } from '../api/index.ts';
import { findCondition } from '../kube/index.ts';
import type { Caches } from './caches.ts';

/**
 * What statuses tell of classes' pools and ports, and of tunnels that are short of addresses. Taken from the statuses,
 * all processes say the same, whichever leads.
 */
export function poolMetrics(registry: Registry, { classes, tunnels }: Pick<Caches, 'classes' | 'tunnels'>) {
  const perClass = (name: string, help: string, value: (status: ClassStatus) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['class'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { metadata, status } of classes.list()) {
          if (status?.ports !== undefined) this.set({ class: metadata.name }, value(status));
        }
      },
    });
  };
  perClass('tto_class_subnets', 'Subnets that the pools of a class hold; excluded ones do not count.', total);
  perClass(
    'tto_class_subnets_used',
    'Subnets of a class that no new tunnel can get: those of tunnels, live and in quarantine.',
    (status) => total(status) - free(status),
  );
  perClass('tto_class_ports', 'Ports of a class.', ({ ports }) => ports?.total ?? 0);
  perClass(
    'tto_class_ports_used',
    'Ports of a class that tunnels have, live and in quarantine.',
    ({ ports }) => (ports?.total ?? 0) - (ports?.free ?? 0),
  );
  perClass('tto_class_tunnels', 'Live tunnels of a class.', ({ tunnels = 0 }) => tunnels);
  new Gauge({
    name: 'tto_tunnels_by_address_pressure',
    help: 'Tunnels by how much of their addresses is taken: Enough, NearlyExhausted (nine in ten) or Exhausted.',
    labelNames: ['pressure'],
    registers: [registry],
    collect() {
      const counts = new Map(['Enough', 'NearlyExhausted', 'Exhausted'].map((pressure) => [pressure, 0]));
      for (const { status } of tunnels.list()) {
        const reason = findCondition(status?.conditions, 'PoolPressure')?.reason ?? '';
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
      counts.delete('');
      for (const [pressure, count] of counts) this.set({ pressure }, count);
    },
  });
}

type ClassStatus = NonNullable<TunnelClass['status']>;

const total = ({ pools = [] }: ClassStatus): number => pools.reduce((sum, { subnets }) => sum + subnets, 0);
const free = ({ pools = [] }: ClassStatus): number => pools.reduce((sum, pool) => sum + pool.free, 0);
