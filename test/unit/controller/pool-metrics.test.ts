import { Registry } from 'prom-client';
import type { TenantTunnel, TunnelClass } from '../../../src/api/index.ts';
import type { Caches } from '../../../src/controller/caches.ts';
import { poolMetrics } from '../../../src/controller/pool-metrics.ts';
import { tunnel, tunnelClass } from './fixtures.ts';

const row = (subnets: number, free: number) => ({
  cidr: '10.0.0.0/8',
  prefixLength: 16,
  subnets,
  free,
  tunnels: 0,
});
const full = (reason: string): TenantTunnel =>
  tunnel(
    `a/${reason}`,
    {},
    {
      status: {
        conditions: [{ type: 'PoolPressure', status: 'True', reason, message: '', lastTransitionTime: '' }],
      },
    },
  );

test('classes are measured by what their statuses say, and forgotten with them', async () => {
  const classes: TunnelClass[] = [
    {
      ...tunnelClass('edge'),
      status: { tunnels: 3, pools: [row(4, 1), row(16, 15)], ports: { total: 100, free: 96 } },
    },
    // Nobody has looked at it yet.
    tunnelClass('new'),
  ];
  const tunnels = [full('Exhausted'), full('Enough'), full('Exhausted'), tunnel('a/new')];
  const registry = new Registry();
  const cacheOf = <T>(list: T[]) => ({ list: () => list });
  poolMetrics(registry, { classes: cacheOf(classes), tunnels: cacheOf(tunnels) } as unknown as Caches);
  const samples = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('tto_'));
  expect(await samples()).toEqual([
    'tto_class_subnets{class="edge"} 20',
    'tto_class_subnets_used{class="edge"} 4',
    'tto_class_ports{class="edge"} 100',
    'tto_class_ports_used{class="edge"} 4',
    'tto_class_tunnels{class="edge"} 3',
    'tto_tunnels_by_address_pressure{pressure="Enough"} 1',
    'tto_tunnels_by_address_pressure{pressure="NearlyExhausted"} 0',
    'tto_tunnels_by_address_pressure{pressure="Exhausted"} 2',
  ]);
  classes.length = 0;
  expect((await samples()).filter((line) => line.includes('class='))).toEqual([]);
});
