/** TunnelClasses that are missing, change or go while tunnels live by them. */
import { jest } from '@jest/globals';
import { DEFAULT_CLASS_ANNOTATION } from '../../../src/api/index.ts';
import { ControllerHarness, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

const pool = (cidr: string) => ({ pools: [{ cidr, prefixLength: 16 }] });
const classStatus = async (name: string) =>
  (await harness.plane.request('GET', harness.classPath(name))).json().status;
const allocated = async (key: string) => harness.condition(await harness.tunnel(key), 'Allocated');
/** Everything that a router in the field lives by. */
const fieldOf = async (key: string, tunnel: string) => {
  const { script: _, ...router } = await harness.granted(key);
  const handedOver = await harness.allHandedOver();
  return { router, tunnel: await harness.allocated(tunnel), handedOver };
};
/** Waits for a router's peer and log-in, which come after its status. */
const untilHandedOver = (key: string, address: string) =>
  until(`${key} is handed over`, async () => {
    const text = JSON.stringify(await harness.allHandedOver());
    return text.includes(`Router = ${key} `) && text.includes(`"${address}":`);
  });

test('without a default class a tunnel and its router say so, and go on once a class is marked', async () => {
  await harness.addRouter('a/early', { tenant: 'early' });
  const message = await harness.untilReady('tenanttunnels', 'a/early', 'NoDefaultClass');
  expect(message).toContain('vpn.traidnet.io/is-default-class: "true"');
  expect(await harness.untilReady('routers', 'a/early', 'Pending')).toContain('is-default-class');
  await harness.addClass('first', pool('10.50.0.0/15'), false);
  await until('the class is judged', async () => (await classStatus('first'))?.conditions?.length > 0);
  expect(harness.condition(await harness.tunnel('a/early'), 'Ready')?.reason).toBe('NoDefaultClass');
  // By hand, on a class that is there: no generation changes.
  await harness.patch(harness.classPath('first'), {
    metadata: { annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
  });
  expect(await harness.granted('a/early')).toMatchObject({ address: '10.50.1.1' });
  await untilHandedOver('a/early', '10.50.1.1');
  await until('the class counts it', async () => (await classStatus('first')).tunnels === 1);
});

test('a tunnel that names a class which is not there goes on once it is made', async () => {
  await harness.addTunnel('a/edge', { className: 'edge' });
  const message = await harness.untilReady('tenanttunnels', 'a/edge', 'ClassNotFound');
  expect(message).toBe('TunnelClass edge does not exist; create it, or name another in spec.className.');
  await harness.addClass('edge', pool('10.60.0.0/16'), false);
  expect(await harness.allocated('a/edge')).toMatchObject({ subnet: '10.60.0.0/16' });
});

test('another class becoming the default changes no live tunnel', async () => {
  const before = await fieldOf('a/early', 'a/early');
  await harness.addClass('second', pool('10.70.0.0/15'));
  await harness.addRouter('a/later', { tenant: 'later' });
  expect((await harness.granted('a/later')).address).toBe('10.70.1.1');
  await untilHandedOver('a/later', '10.70.1.1');
  const after = await fieldOf('a/early', 'a/early');
  expect(after.router).toEqual(before.router);
  expect(after.tunnel).toEqual(before.tunnel);
});

test('a class made again without the pools and ports of a tunnel: a remark, and nothing given changes', async () => {
  const before = await fieldOf('a/early', 'a/early');
  // The API server lets nobody take them out (pools.test.ts), but it has no say in this.
  await harness.delete(harness.classPath('first'));
  await harness.untilReady('tenanttunnels', 'a/early', 'ClassNotFound');
  await harness.addClass('first', { ...pool('10.80.0.0/15'), ports: { first: 60_000, last: 60_010 } }, false);
  await until('it is remarked', async () => (await allocated('a/early'))?.reason === 'ClassChanged');
  const condition = await allocated('a/early');
  expect(condition).toMatchObject({ status: 'True' });
  expect(condition?.message).toMatch(
    /no longer holds subnet 10\.50\.0\.0\/16 and port 51820; this tunnel keeps/,
  );
  await until('the class counts it apart', async () => (await classStatus('first'))?.outside === 1);
  // Not an objection: what the tunnel waits for is its gateway alone.
  expect(harness.condition(await harness.tunnel('a/early'), 'Ready')?.reason).toBe('Pending');
  expect(await fieldOf('a/early', 'a/early')).toEqual(before);
  await harness.addRouter('a/early-2', { tenant: 'early' });
  expect((await harness.granted('a/early-2')).address).toBe('10.50.1.2');
  await untilHandedOver('a/early-2', '10.50.1.2');
});

test('an endpoint that moves: new scripts name it, an Event warns, and its gateway is told it, nothing else', async () => {
  const before = await fieldOf('a/early', 'a/early');
  await harness.patch(harness.classPath('first'), { spec: { endpoint: { host: 'new.example.com' } } });
  await until('the script names it', async () =>
    (await harness.router('a/early'))?.status?.script?.includes('new.example.com'),
  );
  // Scripts do not wait for the gateway to be told, which the tunnel's status does.
  await until(
    'the tunnel tells it',
    async () => (await harness.tunnel('a/early'))?.status?.endpoint === 'new.example.com:51820',
  );
  const after = await fieldOf('a/early', 'a/early');
  expect(JSON.stringify(after)).toContain('new.example.com');
  const told = / {2}"endpoint": \{\n {4}"host": "new\.example\.com",\n {4}"port": 51820\n {2}\},\n/;
  const untold = JSON.stringify(after, (_, value) =>
    typeof value === 'string' ? value.replace(told, '') : value,
  );
  expect(JSON.parse(untold)).toEqual(before);
  await until('an Event warns', async () => {
    const path = '/apis/events.k8s.io/v1/namespaces/a/events';
    const { items } = (await harness.plane.request('GET', path)).json();
    return items.some(
      ({ reason, note }: { reason: string; note: string }) =>
        reason === 'EndpointChanged' && note.includes('vpn.example.com:51820'),
    );
  });
});

test('spec.className changed on a live tunnel is refused in a condition that goes when it is put back', async () => {
  const before = await fieldOf('a/early', 'a/early');
  const name = (className: string | null) =>
    harness.patch(harness.path('tenanttunnels', 'a/early'), { spec: { className } });
  await name('second');
  const message = await harness.untilReady('tenanttunnels', 'a/early', 'ClassChanged');
  expect(message).toMatch(/allocated from TunnelClass first/);
  expect(await fieldOf('a/early', 'a/early')).toEqual(before);
  await name(null);
  await harness.untilReady('tenanttunnels', 'a/early', 'Pending');
});

test('a class deleted under a live tunnel: the tunnel says so, its routers stay, suspending still works', async () => {
  const before = await fieldOf('a/early', 'a/early');
  const script = (await harness.granted('a/early')).script;
  await harness.delete(harness.classPath('first'));
  const message = await harness.untilReady('tenanttunnels', 'a/early', 'ClassNotFound');
  expect(message).toMatch(/TunnelClass first does not exist; create it again\. What its routers were given/);
  expect(await harness.tunnel('a/early')).toMatchObject({ status: before.tunnel });
  expect(await fieldOf('a/early', 'a/early')).toEqual(before);
  // A new router would need the class for its script.
  await harness.addRouter('a/early-3', { tenant: 'early' });
  await harness.untilReady('routers', 'a/early-3', 'ClassNotFound');

  const index = before.tunnel.index;
  await harness.patch(harness.path('routers', 'a/early'), { spec: { suspended: true } });
  await harness.untilReady('routers', 'a/early', 'Suspended');
  await until('its peer is gone', async () => !(await harness.peers(index)).includes('early'));
  await harness.patch(harness.path('routers', 'a/early'), { spec: { suspended: false } });
  expect(await harness.granted('a/early')).toEqual({ ...before.router, script });
  await until('its peer is back', async () => (await harness.peers(index)).includes('early'));
  expect(await fieldOf('a/early', 'a/early')).toEqual(before);

  await harness.addClass('first', { ...pool('10.50.0.0/15'), endpoint: { host: 'new.example.com' } }, false);
  await harness.untilReady('tenanttunnels', 'a/early', 'Pending');
  expect((await harness.granted('a/early-3')).address).toBe('10.50.1.3');
  expect(await harness.granted('a/early')).toEqual({ ...before.router, script });
});

test('pools that overlap make the class not ready, and hold up its new tunnels alone', async () => {
  const overlapping = {
    pools: [
      { cidr: '10.90.0.0/15', prefixLength: 16 },
      { cidr: '10.91.0.0/16', prefixLength: 20 },
    ],
  };
  const refused = await harness.plane.request('POST', '/apis/vpn.traidnet.io/v1alpha1/tunnelclasses', {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'TunnelClass',
    metadata: { name: 'broken' },
    spec: { endpoint: { host: 'vpn.example.com' }, ...overlapping },
  });
  expect(refused.status).toBe(422);
  // All excluded: no rule of the CRD sees that.
  await harness.addClass('full', { ...pool('10.90.0.0/16'), exclude: ['10.90.7.0/24'] }, false);
  await harness.addTunnel('a/full', { className: 'full' });
  expect(await harness.untilReady('tenanttunnels', 'a/full', 'PoolExhausted')).toMatch(
    /add a pool to the class/,
  );
  await harness.addTunnel('a/beside');
  await harness.allocated('a/beside');
  await harness.patch(harness.classPath('full'), { spec: { exclude: [] } });
  expect(await harness.allocated('a/full')).toMatchObject({ subnet: '10.90.0.0/16' });
});
