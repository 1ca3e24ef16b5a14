import { readGateways } from '../../../src/install/gateways.ts';
import { type Lease, microTime } from '../../../src/kube/index.ts';

const NOW = 1_800_000_000_000;

const lease = (name: string, leaseDurationSeconds: number, secondsAgo: number): Lease =>
  ({
    metadata: { name },
    spec: { leaseDurationSeconds, renewTime: microTime(NOW - secondsAgo * 1000) },
  }) as Lease;

test('a gateway is silent once its Lease is over, and a short one not before 40 s: clocks of nodes differ', async () => {
  const items = [
    lease('gateway-a', 7, 30),
    lease('gateway-b', 7, 41),
    lease('gateway-c', 60, 55),
    lease('gateway-d', 60, 65),
    // Somebody's whose clock is ahead.
    lease('gateway-e', 7, -30),
    lease('somebodys', 7, 0),
  ];
  const client = { list: async () => ({ items }) } as unknown as Parameters<typeof readGateways>[0];
  const found = await readGateways(client, 'gateways', NOW);
  expect(found.map(({ node, isStale }) => [node, isStale])).toEqual([
    ['a', false],
    ['b', true],
    ['c', false],
    ['d', true],
    ['e', false],
  ]);
});
