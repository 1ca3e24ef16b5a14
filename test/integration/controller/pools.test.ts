/** Pools that fill up, grow, overlap and are asked for more than they have. */
import { jest } from '@jest/globals';
import type { Router, TunnelClass } from '../../../src/api/index.ts';
import { ControllerHarness, until } from './harness.ts';

jest.setTimeout(180_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['a', 'b', 'many']) await harness.addNamespace(namespace);
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

const pools = (cidr: string, prefixLength = 16) => [{ cidr, prefixLength }];
const classNamed = async (name: string): Promise<TunnelClass> =>
  (await harness.plane.request('GET', harness.classPath(name))).json();
const said = async (name: string, type: string) => {
  const { status, reason, message } =
    (await classNamed(name)).status?.conditions?.find((condition) => condition.type === type) ?? {};
  return { status, reason, message };
};
const untilSaid = (name: string, type: string, reason: string) =>
  until(`TunnelClass ${name} has ${type} ${reason}`, async () => (await said(name, type)).reason === reason);
const events = async (namespace: string, kind: string, name: string): Promise<string[]> => {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { items } = (await harness.plane.request('GET', path)).json();
  return items
    .filter(
      ({ regarding }: { regarding: { kind: string; name: string } }) =>
        regarding.kind === kind && regarding.name === name,
    )
    .map(({ reason }: { reason: string }) => reason);
};
/** The writes so far, once there have been none for a while. */
const quietWrites = async (): Promise<Record<string, number>> => {
  let last = await harness.writes();
  await until('nothing is written', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = last;
    last = await harness.writes();
    return JSON.stringify(before) === JSON.stringify(last);
  });
  return last;
};
const refusal = async (name: string, spec: object): Promise<string> => {
  const path = harness.classPath(name);
  const response = await harness.plane.request('PATCH', path, { spec }, 'application/merge-patch+json');
  expect(response.status).toBe(422);
  return response.json().message;
};

test('the first router of a new class has exactly the numbers of the design', async () => {
  await harness.addClass('standard');
  await harness.addRouter('a/first', { tenant: 'acme' });
  expect(await harness.granted('a/first')).toMatchObject({ address: '10.100.1.1' });
  expect(await harness.allocated('a/acme')).toMatchObject({
    index: 0,
    interfaceName: 'wg0',
    subnet: '10.100.0.0/16',
    serverAddress: '10.100.0.1',
    listenPort: 51_820,
  });
  await until('the class counts it', async () => (await classNamed('standard')).status?.tunnels === 1);
  expect((await classNamed('standard')).status).toMatchObject({
    free: 155,
    pools: [
      {
        cidr: '10.100.0.0/14',
        subnets: 4,
        free: 3,
        tunnels: 1,
        first: '10.100.0.0/16',
        last: '10.100.0.0/16',
      },
      { cidr: '10.104.0.0/13', subnets: 8, free: 8, tunnels: 0 },
      { cidr: '10.112.0.0/12', subnets: 16, free: 16, tunnels: 0 },
      { cidr: '10.128.0.0/9', subnets: 128, free: 128, tunnels: 0 },
    ],
    ports: { total: 13_716, free: 13_715, first: 51_820, last: 51_820 },
  });
  expect(await said('standard', 'PoolPressure')).toMatchObject({ status: 'False', reason: 'Enough' });
});

describe('a class that fills up', () => {
  const tunnel = (n: number) => `a/filling-${n}`;
  const ask = (n: number) => harness.addTunnel(tunnel(n), { className: 'filling' });

  beforeAll(() =>
    harness.addClass(
      'filling',
      { pools: pools('10.32.0.0/15', 20), ports: { first: 40_000, last: 40_009 }, quarantineSeconds: 1 },
      false,
    ),
  );

  test('says so before its end and at it, each with one Event', async () => {
    for (let n = 0; n < 9; n++) await ask(n);
    await untilSaid('filling', 'PoolPressure', 'NearlyExhausted');
    expect(await said('filling', 'PoolPressure')).toEqual({
      status: 'True',
      reason: 'NearlyExhausted',
      message: '9 of 32 subnets and 9 of 10 ports are taken: widen spec.ports before the rest is taken, too.',
    });
    await ask(9);
    await untilSaid('filling', 'PoolPressure', 'Exhausted');
    expect((await classNamed('filling')).status).toMatchObject({ free: 0, tunnels: 10 });
    const told = ['PoolNearlyExhausted', 'PoolExhausted'];
    await until('both are told', async () =>
      told.every(async (reason) => (await events('default', 'TunnelClass', 'filling')).includes(reason)),
    );
    expect((await events('default', 'TunnelClass', 'filling')).toSorted()).toEqual(told.toSorted());
    expect(await said('filling', 'Ready')).toMatchObject({ status: 'True', reason: 'Accepted' });
  });

  test('has the next tunnel wait, with what to do, and nothing else', async () => {
    await ask(10);
    expect(await harness.untilReady('tenanttunnels', tunnel(10), 'PoolExhausted')).toBe(
      'All ports 40000–40009 of class filling are taken; widen spec.ports of the class, or delete tunnels that are no longer needed.',
    );
    // Nothing half-given: neither index nor subnet.
    const { status } = (await harness.tunnel(tunnel(10))) ?? {};
    expect([status?.index, status?.subnet, status?.listenPort]).toEqual([undefined, undefined, undefined]);
    await harness.addRouter('a/second', { tenant: 'acme' });
    await harness.granted('a/second');
  });

  test('gives it a place when another has gone and its quarantine is over', async () => {
    const { listenPort } = await harness.allocated(tunnel(3));
    await harness.delete(harness.path('tenanttunnels', tunnel(3)));
    await until('it has its port', async () => {
      return (await harness.tunnel(tunnel(10)))?.status?.listenPort === listenPort;
    });
  });

  test('goes on once it grows, in use, by ports and by pools', async () => {
    await ask(11);
    await harness.untilReady('tenanttunnels', tunnel(11), 'PoolExhausted');
    const before = await harness.allocated(tunnel(0));
    await harness.patch(harness.classPath('filling'), {
      spec: { ports: { last: 40_100 }, pools: [...pools('10.34.0.0/16', 20), ...pools('10.32.0.0/15', 20)] },
    });
    await harness.allocated(tunnel(11));
    await untilSaid('filling', 'PoolPressure', 'Enough');
    expect(await harness.allocated(tunnel(0))).toEqual(before);
    expect((await classNamed('filling')).status?.pools).toMatchObject([{ subnets: 16 }, { subnets: 32 }]);
  });

  test('cannot be shrunk below what lives there; the API server itself says so', async () => {
    await until('all are counted', async () => (await classNamed('filling')).status?.tunnels === 11);
    const { status } = await classNamed('filling');
    const [, row] = status?.pools ?? [];
    expect(await refusal('filling', { pools: pools('10.34.0.0/16', 20) })).toContain(
      `pool 10.32.0.0/15 is in use (tunnels: ${row?.tunnels}, subnets: ${row?.first} to ${row?.last}): keep one pool with prefixLength 20 that holds these`,
    );
    expect(await refusal('filling', { pools: pools('10.32.0.0/15', 22) })).toContain('spec.pools');
    expect(await refusal('filling', { ports: { first: 40_005 } })).toContain(
      `ports ${status?.ports?.first} to ${status?.ports?.last} are in use by tunnels`,
    );
    // A status is written all the same, and what is not lived in may go.
    await harness.addTunnel('a/filling-late', { className: 'filling' });
    await until('it is counted', async () => (await classNamed('filling')).status?.tunnels === 12);
  });
});

describe('10,000 routers for a /24 (here 400)', () => {
  const tenant = 'crowd';
  const count = 400;
  const all = async (): Promise<Router[]> => harness.routers('many');
  const by = async (reason: string): Promise<Router[]> =>
    (await all()).filter((router) => harness.condition(router, 'Ready')?.reason === reason);

  beforeAll(() =>
    harness.addClass('small', { pools: pools('10.36.0.0/20', 24), quarantineSeconds: 2 }, false),
  );

  test('those that fit get scripts, the others one sentence each, and nothing else is held up', async () => {
    await harness.addTunnel(`many/${tenant}`, { className: 'small', subnet: '10.36.0.0/24' });
    await Promise.all(Array.from({ length: count }, (_, n) => harness.addRouter(`many/r${n}`, { tenant })));
    await harness.addRouter('a/beside', { tenant: 'acme' });
    await harness.granted('a/beside');
    await until('all are answered', async () => (await by('AwaitingConnection')).length === 253);
    await until('the others, too', async () => (await by('AddressPoolExhausted')).length === count - 253);
    const given = (await by('AwaitingConnection')).map(({ status }) => status?.address);
    expect(new Set(given).size).toBe(253);
    const messages = (await by('AddressPoolExhausted')).map(
      (router) => harness.condition(router, 'Ready')?.message,
    );
    expect(new Set(messages)).toEqual(
      new Set([
        'Subnet 10.36.0.0/24 has no free address left; delete Routers that are gone, or give the tenant a tunnel of a class with a shorter prefix.',
      ]),
    );
    for (const { status } of await by('AddressPoolExhausted'))
      expect([status?.address, status?.publicKey, status?.script]).toEqual([undefined, undefined, undefined]);
  });

  test('the tunnel says so once: a condition, and an Event at each step', async () => {
    const pressure = async () => harness.condition(await harness.tunnel(`many/${tenant}`), 'PoolPressure');
    await until('it is told', async () => (await pressure())?.reason === 'Exhausted');
    expect((await pressure())?.message).toBe(
      'All 253 addresses for routers in 10.36.0.0/24 are in use or in quarantine, so new Routers wait: delete Routers that are gone for good, or make a second tenant for further routers.',
    );
    await until('an Event tells', async () =>
      (await events('many', 'TenantTunnel', tenant)).includes('AddressPoolExhausted'),
    );
    const told = (await events('many', 'TenantTunnel', tenant)).filter(
      (reason) => reason !== 'TunnelAllocated',
    );
    expect(told.filter((reason) => reason === 'AddressPoolExhausted')).toHaveLength(1);
    expect(told.length).toBeLessThanOrEqual(2);
    // Some of the routers tell it, too, and not so many that there would be no other Events.
    const path = '/apis/events.k8s.io/v1/namespaces/many/events';
    const { items } = (await harness.plane.request('GET', path)).json();
    const ofRouters = items.filter(
      ({ regarding }: { regarding: { kind: string } }) => regarding.kind === 'Router',
    );
    expect(ofRouters.length).toBeGreaterThan(0);
    expect(ofRouters.length).toBeLessThanOrEqual(26);
  });

  test('those that wait cost nothing, and one that goes makes room for one', async () => {
    const before = await quietWrites();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await harness.writes()).toEqual(before);
    const [gone] = await by('AwaitingConnection');
    await harness.delete(harness.path('routers', `many/${gone?.metadata.name}`));
    await until('one more fits', async () => (await by('AddressPoolExhausted')).length === count - 254);
    expect(await by('AwaitingConnection')).toHaveLength(253);
  });

  test('a controller that starts anew writes nothing, and still knows who waits', async () => {
    const before = await quietWrites();
    await harness.stopController();
    await harness.startController();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await harness.writes()).toEqual(before);
    const [gone] = await by('AwaitingConnection');
    await harness.delete(harness.path('routers', `many/${gone?.metadata.name}`));
    await until('one more fits', async () => (await by('AddressPoolExhausted')).length === count - 255);
  });
});

describe('pools that others use, too', () => {
  test('of the cluster: the class says which, and gives tunnels all the same', async () => {
    await harness.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-2' },
      spec: { podCIDR: '10.44.7.0/24', podCIDRs: ['10.44.7.0/24'] },
    });
    await harness.addClass('cluster', { pools: pools('10.44.0.0/16') }, false);
    await untilSaid('cluster', 'PoolOverlap', 'Overlap');
    expect((await said('cluster', 'PoolOverlap')).message).toMatch(
      /^The pools overlap a pod range \(10\.44\.7\.0\/24\): tunnels work all the same/,
    );
    await harness.addTunnel('a/cluster', { className: 'cluster' });
    expect(await harness.allocated('a/cluster')).toMatchObject({ subnet: '10.44.0.0/16' });
    await harness.addClass('services', { pools: pools('10.96.0.0/14') }, false);
    await untilSaid('services', 'PoolOverlap', 'Overlap');
    expect((await said('services', 'PoolOverlap')).message).toMatch(
      /overlap the Service range \(10\.96\.0\.0\/16\):/,
    );
    await harness.patch(harness.classPath('services'), { spec: { exclude: ['10.96.0.0/16'] } });
    await untilSaid('services', 'PoolOverlap', 'NoOverlap');
  });

  test('of a node that comes later: it is told then', async () => {
    expect(await said('standard', 'PoolOverlap')).toMatchObject({ status: 'False', reason: 'NoOverlap' });
    await harness.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-3' } });
    const addresses = [{ type: 'InternalIP', address: '10.120.0.5' }];
    await harness.patch('/api/v1/nodes/node-3/status', { status: { addresses } });
    await untilSaid('standard', 'PoolOverlap', 'Overlap');
    expect((await said('standard', 'PoolOverlap')).message).toMatch(/a node address \(10\.120\.0\.5\)/);
    await harness.delete('/api/v1/nodes/node-3');
    await untilSaid('standard', 'PoolOverlap', 'NoOverlap');
  });

  test('of another class: both say so, and no subnet is given twice', async () => {
    await harness.addClass('edge', { pools: pools('10.48.0.0/14') }, false);
    await harness.addClass('core', { pools: pools('10.50.0.0/15') }, false);
    for (const [name, other] of [
      ['edge', 'core'],
      ['core', 'edge'],
    ] as const) {
      await untilSaid(name, 'PoolOverlap', 'Overlap');
      expect((await said(name, 'PoolOverlap')).message).toBe(
        `The pools have networks in common with TunnelClass ${other} (10.50.0.0/15): no subnet is given twice, so what one takes the other lacks.`,
      );
    }
    await harness.addTunnel('a/core', { className: 'core' });
    const { subnet } = await harness.allocated('a/core');
    await until('both count it', async () =>
      (await Promise.all(['edge', 'core'].map(classNamed))).every(
        ({ status }, n) => status?.free === [3, 1][n],
      ),
    );
    await harness.addTunnel('a/edge', { className: 'edge', subnet: String(subnet) });
    await harness.untilReady('tenanttunnels', 'a/edge', 'SubnetTaken');
  });
});

describe('a class that allows equal subnets', () => {
  test('gives all of its tunnels the same one, which their routers have alike, and hands them over apart', async () => {
    await harness.addClass('equal', { pools: pools('10.60.0.0/15'), subnetAssignment: 'Equal' }, false);
    const tenants = ['equal-1', 'equal-2', 'equal-3'];
    for (const tenant of tenants) {
      await harness.addTunnel(`b/${tenant}`, { className: 'equal' });
      await harness.addRouter(`b/${tenant}`, { tenant });
    }
    const given = await Promise.all(tenants.map((tenant) => harness.granted(`b/${tenant}`)));
    expect(given.map(({ address }) => address)).toEqual(Array(3).fill('10.60.1.1'));
    expect(new Set(given.map(({ publicKey }) => publicKey)).size).toBe(3);
    const tunnels = await Promise.all(tenants.map((tenant) => harness.allocated(`b/${tenant}`)));
    expect(tunnels.map(({ subnet, serverAddress }) => [subnet, serverAddress])).toEqual(
      Array(3).fill(['10.60.0.0/16', '10.60.0.1']),
    );
    for (const field of ['index', 'interfaceName', 'listenPort'])
      expect(new Set(tunnels.map((tunnel) => tunnel[field])).size).toBe(3);
    for (const [n, tenant] of tenants.entries())
      await until(`${tenant} is handed over`, async () =>
        (await harness.peers(tunnels[n]?.index)).includes(tenant),
      );
    await until('they are counted', async () => (await classNamed('equal')).status?.tunnels === 3);
    expect((await classNamed('equal')).status?.pools).toMatchObject([{ subnets: 2, free: 2, tunnels: 3 }]);
    expect(await refusal('equal', { subnetAssignment: 'Distinct' })).toContain('keep Equal while');
  });

  test('frees an address in one tunnel for that tunnel alone, and wakes nobody else', async () => {
    await harness.addRouter('b/pinned', { tenant: 'equal-1', address: '10.60.1.1' });
    await harness.untilReady('routers', 'b/pinned', 'AddressTaken');
    await harness.delete(harness.path('routers', 'b/equal-2'));
    await harness.addRouter('b/other', { tenant: 'equal-2', address: '10.60.1.1' });
    expect(await harness.granted('b/other')).toMatchObject({ address: '10.60.1.1' });
    await harness.delete(harness.path('routers', 'b/equal-1'));
    expect(await harness.granted('b/pinned')).toMatchObject({ address: '10.60.1.1' });
  });

  test('all stays as it is when the controller starts anew', async () => {
    const [before, handedOver] = [await quietWrites(), await harness.allHandedOver()];
    await harness.stopController();
    await harness.startController();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await harness.writes()).toEqual(before);
    expect(await harness.allHandedOver()).toEqual(handedOver);
  });
});

test('a class of which all is excluded says so, and what to do', async () => {
  await harness.addClass('none', { pools: pools('10.70.0.0/16', 24), exclude: ['10.64.0.0/10'] }, false);
  await untilSaid('none', 'Ready', 'InvalidPool');
  expect((await said('none', 'Ready')).message).toBe(
    'Every subnet of the pools is excluded; take a network out of spec.exclude, or add a pool to spec.pools.',
  );
  await harness.addTunnel('a/none', { className: 'none' });
  await harness.untilReady('tenanttunnels', 'a/none', 'PoolExhausted');
  await harness.patch(harness.classPath('none'), { spec: { exclude: [] } });
  await untilSaid('none', 'Ready', 'Accepted');
  await harness.allocated('a/none');
});
