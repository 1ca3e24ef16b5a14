import { parseNetwork, type TunnelEntry } from '../../../src/allocation/index.ts';
import type { TunnelClass } from '../../../src/api/index.ts';
import type { TunnelClassSpecWritten } from '../../../src/api/v1alpha1/tunnel-class.ts';
import { classEvent } from '../../../src/controller/class-events.ts';
import { planClassStatus, type Surroundings } from '../../../src/controller/class-status.ts';
import { clusterRanges, rangesKey } from '../../../src/controller/cluster-ranges.ts';
import type { Node } from '../../../src/kube/index.ts';
import { NOW, tunnelClass, tunnelEntry } from './fixtures.ts';

const NOTHING = { services: [], pods: [], nodes: [] };

function judged(
  spec: Partial<TunnelClassSpecWritten>,
  {
    tunnels = [],
    others = [],
    cluster = NOTHING,
    before,
  }: Partial<Surroundings> & {
    others?: TunnelClass[];
    before?: TunnelClass['status'];
  } = {},
) {
  const known = { ...tunnelClass('standard', spec), ...(before && { status: before }) };
  const status = planClassStatus(known, { tunnels, classes: [known, ...others], cluster }, NOW);
  const condition = (type: string) => status.conditions?.find((one) => one.type === type);
  const said = (type: string) => {
    const { status: is, reason, message } = condition(type) ?? {};
    return [is, reason, message];
  };
  return { status, said, event: classEvent(known, status) };
}

const pool = (cidr: string, prefixLength = 16) => ({ pools: [{ cidr, prefixLength }] });
const living = (count: number, more: Partial<TunnelEntry> = {}): TunnelEntry[] =>
  Array.from({ length: count }, (_, index) =>
    tunnelEntry({
      index,
      tenant: `t${index}`,
      owner: `a/t${index}`,
      subnet: `10.${100 + index}.0.0/16`,
      listenPort: 51_820 + index,
      ...more,
    }),
  );

test('a class that can be used says so, how many tunnels live by it, and what is left', () => {
  const quarantined = tunnelEntry({
    index: 7,
    tenant: 'gone',
    subnet: '10.107.0.0/16',
    listenPort: 51_827,
    releasedAt: '2026-01-01T00:00:00Z',
  });
  const { status, event } = judged({}, { tunnels: [...living(3), quarantined] });
  const condition = { observedGeneration: 1, lastTransitionTime: '2026-01-02T03:04:05Z' };
  const row = (cidr: string, subnets: number, free: number, tunnels: number, range: object = {}) => ({
    cidr,
    prefixLength: 16,
    subnets,
    free,
    tunnels,
    ...range,
  });
  const one = { first: '10.107.0.0/16', last: '10.107.0.0/16' };
  expect(status).toEqual({
    observedGeneration: 1,
    tunnels: 3,
    free: 152,
    pools: [
      row('10.100.0.0/14', 4, 1, 3, { first: '10.100.0.0/16', last: '10.102.0.0/16' }),
      row('10.104.0.0/13', 8, 7, 1, one),
      row('10.112.0.0/12', 16, 16, 0),
      row('10.128.0.0/9', 128, 128, 0),
    ],
    ports: { total: 13_716, free: 13_712, first: 51_820, last: 51_827 },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Accepted',
        message: 'Tunnels can be made from this class.',
        ...condition,
      },
      {
        type: 'PoolPressure',
        status: 'False',
        reason: 'Enough',
        message: '4 of 156 subnets and 4 of 13716 ports are taken.',
        ...condition,
      },
      {
        type: 'PoolOverlap',
        status: 'False',
        reason: 'NoOverlap',
        message:
          'No node, pod range, Service range or other class that is known of uses networks of the pools.',
        ...condition,
      },
    ],
  });
  expect(event).toBeUndefined();
});

test.each([
  [
    [
      { cidr: '10.0.0.0/8', prefixLength: 16 },
      { cidr: '10.3.0.0/16', prefixLength: 20 },
    ],
    'Pools 10.0.0.0/8 and 10.3.0.0/16 overlap; take one of them out.',
  ],
  [[{ cidr: '10.3.7.0/16', prefixLength: 16 }], '"10.3.7.0/16" has host bits set; write 10.3.0.0/16.'],
  [
    [{ cidr: 'fd00::/16', prefixLength: 16 }],
    '"fd00::/16" is not an IPv4 network; write it like 10.100.0.0/16.',
  ],
])('pools that cannot be used are named: %j', (pools, text) => {
  const { status, said } = judged({ pools }, { tunnels: living(2) });
  expect(said('Ready')).toEqual(['False', 'InvalidPool', text]);
  expect(said('PoolPressure').slice(0, 2)).toEqual(['Unknown', 'InvalidPool']);
  expect([status.tunnels, status.free, status.pools]).toEqual([2, 0, undefined]);
});

test('a pool of which all is excluded has 0 subnets, and says what to do', () => {
  const { status, said } = judged({ ...pool('10.100.0.0/16', 20), exclude: ['10.96.0.0/12'] });
  expect(status).toMatchObject({ free: 0, pools: [{ subnets: 0, free: 0 }] });
  expect(said('Ready')).toEqual([
    'False',
    'InvalidPool',
    'Every subnet of the pools is excluded; take a network out of spec.exclude, or add a pool to spec.pools.',
  ]);
  expect(said('PoolPressure')).toEqual([
    'True',
    'Exhausted',
    'All subnets are excluded, and 0 of 13716 ports are taken, so new tunnels wait: add a pool to spec.pools, or delete tunnels that are no longer needed.',
  ]);
});

test('tunnels whose pool is gone are told of', () => {
  const one = judged(pool('10.200.0.0/16'), { tunnels: living(1) });
  expect(one.status.outside).toBe(1);
  expect(one.said('Ready')[2]).toBe(
    'Tunnels can be made from this class. 1 of its tunnels has a subnet outside of its pools, and keeps it.',
  );
  expect(judged(pool('10.200.0.0/16'), { tunnels: living(3) }).said('Ready')[2]).toMatch(
    /3 of its tunnels have subnets outside of its pools, and keep them\.$/,
  );
});

describe('pressure', () => {
  const small = { ...pool('10.100.0.0/16', 20), ports: { first: 51_820, last: 51_919 } };
  const of = (count: number): TunnelEntry[] =>
    living(count).map((entry, n) => ({ ...entry, subnet: `10.100.${n * 16}.0/20` }));

  test.each([
    [14, 'False', 'Enough', '14 of 16 subnets and 14 of 100 ports are taken.', undefined],
    [
      15,
      'True',
      'NearlyExhausted',
      '15 of 16 subnets and 15 of 100 ports are taken: add a pool to spec.pools before the rest is taken, too.',
      'PoolNearlyExhausted',
    ],
    [
      16,
      'True',
      'Exhausted',
      '16 of 16 subnets and 16 of 100 ports are taken, so new tunnels wait: add a pool to spec.pools, or delete tunnels that are no longer needed.',
      'PoolExhausted',
    ],
  ])('of %i in 16 subnets', (count, status, reason, message, event) => {
    const judgement = judged(small, { tunnels: of(count) });
    expect(judgement.said('PoolPressure')).toEqual([status, reason, message]);
    expect(judgement.event?.reason).toBe(event);
    if (event !== undefined) expect(judgement.event).toMatchObject({ type: 'Warning', note: message });
    // What was told is not told again, and coming down is no news.
    const before = judgement.status;
    expect(judged(small, { tunnels: of(count), before }).event).toBeUndefined();
    expect(judged(small, { tunnels: of(0), before }).event).toBeUndefined();
  });

  test('rises step by step, with an Event at each', () => {
    const nearly = judged(small, { tunnels: of(15) });
    expect(judged(small, { tunnels: of(16), before: nearly.status }).event?.reason).toBe('PoolExhausted');
  });

  test('of ports names the ports', () => {
    const few = { ports: { first: 51_820, last: 51_822 } };
    expect(judged(few, { tunnels: living(3) }).said('PoolPressure')).toEqual([
      'True',
      'Exhausted',
      '3 of 156 subnets and 3 of 3 ports are taken, so new tunnels wait: widen spec.ports, or delete tunnels that are no longer needed.',
    ]);
  });

  test('of a class whose tunnels share their subnet is that of its ports', () => {
    const sharing = { ...pool('10.100.0.0/16'), subnetAssignment: 'Equal' as const };
    const tunnels = living(20).map((entry) => ({ ...entry, subnet: '10.100.0.0/16' }));
    const { status, said } = judged(sharing, { tunnels });
    expect(said('PoolPressure')).toEqual([
      'False',
      'Enough',
      'Tunnels share their subnet; 20 of 13716 ports are taken.',
    ]);
    expect(status).toMatchObject({ free: 13_696, pools: [{ subnets: 1, free: 1, tunnels: 20 }] });
    const blocked = judged(sharing, { tunnels: living(1, { className: 'other' }) });
    expect(blocked.said('PoolPressure').slice(0, 2)).toEqual(['True', 'Exhausted']);
    expect(blocked.said('PoolPressure')[2]).toMatch(/^Tunnels of other classes have all subnets, and 1 of/);
  });
});

describe('overlap', () => {
  const node = (name: string, podCIDR: string, ...addresses: string[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, creationTimestamp: '' } as Node['metadata'],
    spec: { podCIDRs: [podCIDR, 'fd00:1::/64'] },
    status: {
      addresses: [
        ...addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
    },
  });
  const nodes = Array.from({ length: 6 }, (_, n) =>
    node(`n${n}`, `10.244.${n}.0/24`, `192.168.0.${n}`, n === 2 ? '10.120.0.5' : 'fd00::1'),
  );
  const cluster = clusterRanges(nodes, ['10.96.0.0/12', 'fd00:10::/112']);

  test('with the cluster names its ranges, what that means and what to do; it stops nothing', () => {
    const { said } = judged({}, { cluster });
    expect(said('PoolOverlap')).toEqual([
      'True',
      'Overlap',
      'The pools overlap the Service range (10.96.0.0/12), pod ranges (10.244.0.0/24, 10.244.1.0/24, 10.244.2.0/24 and 3 more) and a node address (10.120.0.5): tunnels work all the same, each in a network namespace of its own, but do not route from the cluster into these networks, or put them into spec.exclude.',
    ]);
    expect(said('Ready')[0]).toBe('True');
  });

  test('is the same sentence in whatever order nodes come', () => {
    const turned = clusterRanges(nodes.toReversed(), ['10.96.0.0/12']);
    expect(judged({}, { cluster: turned }).said('PoolOverlap')).toEqual(
      judged({}, { cluster }).said('PoolOverlap'),
    );
  });

  test('is gone where the networks are excluded, or the pools are others', () => {
    const exclude = ['10.96.0.0/12', '10.244.0.0/16', '10.120.0.0/16'];
    expect(judged({ exclude }, { cluster }).said('PoolOverlap')[1]).toBe('NoOverlap');
    expect(judged(pool('172.16.0.0/12'), { cluster }).said('PoolOverlap')[1]).toBe('NoOverlap');
  });

  test('with another class names it and what both have, less what either excludes', () => {
    const edge = tunnelClass('edge', { ...pool('10.96.0.0/11', 20), exclude: ['10.104.0.0/13'] });
    const { said } = judged({ ...pool('10.96.0.0/12', 20) }, { others: [edge] });
    expect(said('PoolOverlap')).toEqual([
      'True',
      'Overlap',
      'The pools have networks in common with TunnelClass edge (10.96.0.0/12): no subnet is given twice, so what one takes the other lacks.',
    ]);
    const apart = judged(pool('10.104.0.0/13', 20), { others: [edge] });
    expect(apart.said('PoolOverlap')[1]).toBe('NoOverlap');
  });

  test('of two classes whose tunnels share subnets is nothing to tell', () => {
    const sharing = { subnetAssignment: 'Equal' as const };
    const other = tunnelClass('edge', sharing);
    expect(judged(sharing, { others: [other] }).said('PoolOverlap')[1]).toBe('NoOverlap');
    expect(judged({}, { others: [other] }).said('PoolOverlap')[1]).toBe('Overlap');
  });

  test('is asked anew when a node has other addresses, and not when its kubelet says that it lives', () => {
    const [one] = nodes as [Node];
    const alive = { ...one, metadata: { ...one.metadata, resourceVersion: '2' } };
    expect(rangesKey(alive)).toBe(rangesKey(one));
    expect(rangesKey({ ...one, spec: { podCIDRs: ['10.1.0.0/24'] } })).not.toBe(rangesKey(one));
    expect(rangesKey(undefined)).not.toBe(rangesKey(one));
  });

  test('of what is no IPv4 network is nothing', () => {
    expect(clusterRanges([], ['fd00::/108', 'nonsense', '10.0.0.0/8'])).toEqual({
      services: [parseNetwork('10.0.0.0/8')],
      pods: [],
      nodes: [],
    });
  });
});

test('a class at rest is planned as it stands, so that nothing is written', () => {
  const tunnels = living(5);
  const { status } = judged({}, { tunnels });
  expect(judged({}, { tunnels, before: status }).status).toEqual(status);
});
