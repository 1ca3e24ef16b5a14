/** The table of bad input, as far as the controller answers it: a condition with a remedy, nothing else held up. */
import { jest } from '@jest/globals';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { ControllerHarness, until } from './harness.ts';

jest.setTimeout(180_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['a', 'b', 'c']) await harness.addNamespace(namespace);
  await harness.addClass('standard');
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

/** The API server's times have seconds: two objects of which one is older. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100));
const removed = (kind: 'routers' | 'tenanttunnels', key: string) => harness.delete(harness.path(kind, key));
const events = async (namespace: string, name: string): Promise<string[]> => {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { items } = (await harness.plane.request('GET', path)).json();
  return items
    .filter((event: { regarding: { name: string } }) => event.regarding.name === name)
    .map((event: { reason: string }) => event.reason);
};

describe('a Router that names a tunnel', () => {
  test('which does not exist says so with the remedy, and goes on by itself once it is made', async () => {
    await harness.addRouter('a/early', { tunnelRef: { name: 'late' } });
    const message = await harness.untilReady('routers', 'a/early', 'TunnelNotFound');
    expect(message).toBe('TenantTunnel a/late does not exist; create it, and this Router goes on by itself.');
    expect((await harness.router('a/early'))?.status).toMatchObject({
      phase: 'Error',
      observedGeneration: 1,
    });
    await until('an Event says so', async () => (await events('a', 'early')).includes('AllocationFailed'));
    await harness.addTunnel('a/late');
    expect(await harness.granted('a/early')).toMatchObject({ tunnel: 'a/late' });
  });

  test('which does not allow its namespace joins once it is allowed, and is cut off when that is taken back', async () => {
    await harness.addTunnel('a/closed');
    await harness.addRouter('b/guest', { tunnelRef: { name: 'closed', namespace: 'a' } });
    await harness.addRouter('a/inmate', { tunnelRef: { name: 'closed' } });
    const message = await harness.untilReady('routers', 'b/guest', 'NamespaceNotAllowed');
    expect(message).toBe(
      'TenantTunnel a/closed does not allow Routers of namespace b; add it to its spec.allowedNamespaces.',
    );
    const allow = (allowedNamespaces: string[]) =>
      harness.patch(harness.path('tenanttunnels', 'a/closed'), { spec: { allowedNamespaces } });
    await allow(['b']);
    const given = await harness.granted('b/guest');
    const { index } = await harness.allocated('a/closed');
    await until('both are peers', async () => (await harness.peers(index)).length === 2);

    await allow([]);
    await harness.untilReady('routers', 'b/guest', 'NamespaceNotAllowed');
    await until('the guest is no peer', async () => (await harness.peers(index)).join() === 'inmate');
    expect((await harness.router('b/guest'))?.status?.script).toBeUndefined();

    await allow(['*']);
    expect(await harness.granted('b/guest')).toEqual(given);
    await until('both are peers again', async () => (await harness.peers(index)).length === 2);
  });

  test('by a tenant whose name another TenantTunnel has taken gets one of another name', async () => {
    await harness.addTunnel('a/mine', { tenant: 'somebody-else' });
    await harness.addRouter('a/r-mine', { tenant: 'mine' });
    const { tunnel } = await harness.granted('a/r-mine');
    expect(tunnel).toMatch(/^a\/mine-[0-9a-f]{8}$/);
    expect((await harness.tunnel(tunnel ?? ''))?.spec.tenant).toBe('mine');
  });

  test('that the API server refuses to make says so with the server’s own words', async () => {
    const quota = '/api/v1/namespaces/c/resourcequotas';
    await harness.create(quota, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { 'count/tenanttunnels.vpn.traidnet.io': '0' } },
    });
    // No controller counts here; quota admission wants a status.
    await harness.plane.request(
      'PATCH',
      `${quota}/none/status`,
      {
        status: {
          hard: { 'count/tenanttunnels.vpn.traidnet.io': '0' },
          used: { 'count/tenanttunnels.vpn.traidnet.io': '0' },
        },
      },
      'application/merge-patch+json',
    );
    await harness.addRouter('c/poor', { tenant: 'poor' });
    const message = await harness.untilReady('routers', 'c/poor', 'TunnelRefused');
    expect(message).toMatch(/exceeded quota: none/);
    await harness.delete(`${quota}/none`);
    // By hand, as the message says.
    await harness.addTunnel('c/poor');
    await harness.granted('c/poor');
  });
});

describe('two TenantTunnels of one tenant', () => {
  test('the older keeps it, the younger names the older, and goes on with the same numbers when that goes', async () => {
    await harness.addTunnel('a/two', { tenant: 'two' });
    const given = await harness.allocated('a/two');
    await nextSecond();
    await harness.addTunnel('b/two', { tenant: 'two' });
    expect(await harness.untilReady('tenanttunnels', 'b/two', 'TenantTaken')).toContain('a/two');
    expect((await harness.tunnel('b/two'))?.status?.index).toBeUndefined();
    await harness.addRouter('b/by-ref', { tunnelRef: { name: 'two' } });
    const waits = await harness.untilReady('routers', 'b/by-ref', 'Pending');
    expect(waits).toMatch(/^TenantTunnel b\/two has nothing to give yet: .*a\/two/);

    await removed('tenanttunnels', 'a/two');
    await harness.untilReady('tenanttunnels', 'b/two', 'Pending');
    expect(await harness.allocated('b/two')).toEqual(given);
    expect(await harness.granted('b/by-ref')).toMatchObject({ tunnel: 'b/two' });
  });

  test('one that somebody writes after its Routers takes the place of the one that they had made', async () => {
    await harness.addRouter('a/prompt', { tenant: 'prompt' });
    const { tunnel, ...given } = await harness.granted('a/prompt');
    expect(tunnel).toBe('a/prompt');
    const { index, subnet, listenPort, publicKey } = await harness.allocated('a/prompt');
    await nextSecond();
    await harness.addTunnel('a/written', { tenant: 'prompt', mtu: 1400 });
    expect(await harness.allocated('a/written')).toMatchObject({ index, subnet, listenPort, publicKey });
    await until('the one that was made is gone', async () => !(await harness.tunnel('a/prompt')));
    await until('an Event says so', async () => (await events('a', 'written')).includes('TunnelSuperseded'));
    await until(
      'the Router says where it is',
      async () => (await harness.router('a/prompt'))?.status?.tunnel === 'a/written',
    );
    const { script: _, ...kept } = await harness.granted('a/prompt');
    expect(kept).toEqual({ address: given.address, publicKey: given.publicKey, tunnel: 'a/written' });
    expect(await harness.peers(index)).toEqual(['prompt']);
  });

  test('one that was made keeps the tenant for as long as a Router names it', async () => {
    await harness.addRouter('a/named', { tenant: 'named' });
    const { tunnel } = await harness.granted('a/named');
    await harness.addRouter('a/names', { tunnelRef: { name: 'named' } });
    expect(await harness.granted('a/names')).toMatchObject({ tunnel });
    await harness.addTunnel('a/besides', { tenant: 'named' });
    expect(await harness.untilReady('tenanttunnels', 'a/besides', 'TenantTaken')).toContain('a/named');
    expect(await harness.granted('a/names')).toMatchObject({ tunnel });
    const { index } = await harness.allocated('a/named');
    await removed('routers', 'a/names');
    expect(await harness.allocated('a/besides')).toMatchObject({ index });
    await until('the one that was made is gone', async () => !(await harness.tunnel('a/named')));
  });

  test('nobody takes one over from another namespace, and one that was made besides is removed', async () => {
    await harness.addRouter('a/coveted', { tenant: 'coveted' });
    const given = await harness.granted('a/coveted');
    await harness.addTunnel('b/thief', { tenant: 'coveted' });
    expect(await harness.untilReady('tenanttunnels', 'b/thief', 'TenantTaken')).toContain('a/coveted');
    expect(await harness.granted('a/coveted')).toEqual(given);
    // As for a Router there, whose controller had not seen the other.
    await harness.create(harness.path('tenanttunnels', 'b/'), {
      apiVersion: 'vpn.traidnet.io/v1alpha1',
      kind: 'TenantTunnel',
      metadata: { name: 'coveted', labels: { 'app.kubernetes.io/managed-by': 'tenant-tunnel-operator' } },
      spec: { tenant: 'coveted' },
    });
    await until('it is gone', async () => !(await harness.tunnel('b/coveted')));
    expect(await harness.granted('a/coveted')).toEqual(given);
  });

  test.each([
    ['a/order-1', 'b/order-2'],
    ['b/order-4', 'a/order-3'],
  ])('applied while the controller is down: of %s and %s the first has it', async (first, second) => {
    const tenant = `down-${first.slice(-1)}`;
    await harness.stopController();
    await harness.addTunnel(first, { tenant });
    await nextSecond();
    await harness.addTunnel(second, { tenant });
    await harness.startController();
    await harness.allocated(first);
    expect(await harness.untilReady('tenanttunnels', second, 'TenantTaken')).toContain(first);
  });

  test('applied at once: one has it, the other names that one', async () => {
    const keys = ['a/race', 'b/race'];
    await Promise.all(keys.map((key) => harness.addTunnel(key, { tenant: 'race' })));
    const holders = async () =>
      (await harness.tunnels()).filter(({ metadata, status }) => metadata.name === 'race' && status?.gateway);
    await until('one has it', async () => (await holders()).length === 1);
    const [winner] = await holders();
    const won = `${winner?.metadata.namespace}/race`;
    const lost = keys.find((key) => key !== won) ?? '';
    expect(await harness.untilReady('tenanttunnels', lost, 'TenantTaken')).toContain(won);
  });
});

describe.each([
  ['public key', 'KeyTaken', () => ({ publicKey: generateKeyPair().publicKey })],
  ['pinned address', 'AddressTaken', () => ({ address: '10.100.9.9' })],
] as const)('two Routers with one %s', (_what, reason, makePin) => {
  const field = reason === 'KeyTaken' ? 'publicKey' : 'address';
  const tenant = `pins-${reason.toLowerCase()}`;
  let pin: { publicKey?: string; address?: string };
  const prefix = () =>
    harness.tunnels().then((all) => {
      const subnet = all.find(({ spec }) => spec.tenant === tenant)?.status?.subnet ?? '';
      return subnet.split('.').slice(0, 2).join('.');
    });
  beforeAll(async () => {
    await harness.addTunnel(`a/${tenant}`, { tenant });
    await harness.allocated(`a/${tenant}`);
    pin = makePin();
    if (pin.address !== undefined) pin = { address: `${await prefix()}.9.9` };
  });

  test('the older keeps it, the younger names the older, and goes on when that goes', async () => {
    await harness.addRouter('a/first', { tenant, ...pin });
    const first = await harness.granted('a/first');
    expect(first[field]).toBe(pin[field]);
    await nextSecond();
    await harness.addRouter('a/second', { tenant, ...pin });
    expect(await harness.untilReady('routers', 'a/second', reason)).toMatch(/Router a\/first[;.]/);
    await harness.addRouter('a/other', { tenant });
    await harness.granted('a/other');
    expect(await harness.granted('a/first')).toEqual(first);

    await removed('routers', 'a/first');
    expect((await harness.granted('a/second'))[field]).toBe(pin[field]);
    await removed('routers', 'a/second');
    await removed('routers', 'a/other');
  });

  test.each([
    ['a/r1', 'a/r2'],
    ['a/r4', 'a/r3'],
  ])('applied while the controller is down: of %s and %s the first has it', async (first, second) => {
    await harness.stopController();
    await harness.addRouter(first, { tenant, ...pin });
    await nextSecond();
    await harness.addRouter(second, { tenant, ...pin });
    await harness.startController();
    await harness.granted(first);
    expect(await harness.untilReady('routers', second, reason)).toContain(first);
    await removed('routers', second);
    await removed('routers', first);
  });

  test('ten applied at once: one has it, nine name it, and each goes on in its turn', async () => {
    const keys = Array.from({ length: 10 }, (_, i) => `a/at-once-${i}`);
    await Promise.all(keys.map((key) => harness.addRouter(key, { tenant, ...pin })));
    let left = keys;
    while (left.length > 7) {
      const routers = async () =>
        (await harness.routers('a')).filter(({ metadata }) => left.includes(`a/${metadata.name}`));
      const withIt = async () => (await routers()).filter(({ status }) => status?.script !== undefined);
      const refused = async () =>
        (await routers()).filter((router) => harness.condition(router, 'Ready')?.reason === reason);
      const count = left.length - 1;
      await until('one has it', async () => (await withIt()).length === 1);
      await until('the others are told', async () => (await refused()).length === count);
      const [holder] = await withIt();
      expect(holder?.status?.[field]).toBe(pin[field]);
      await removed('routers', `a/${holder?.metadata.name}`);
      left = left.filter((key) => key !== `a/${holder?.metadata.name}`);
    }
    for (const key of left) await removed('routers', key);
  });
});

test('a Router that gives a public key up lets the next one have it', async () => {
  const { publicKey } = generateKeyPair();
  await harness.addRouter('a/giver', { tenant: 'give', publicKey });
  await harness.granted('a/giver');
  await harness.addRouter('a/taker', { tenant: 'give', publicKey });
  await harness.untilReady('routers', 'a/taker', 'KeyTaken');
  await harness.patch(harness.path('routers', 'a/giver'), { spec: { publicKey: null } });
  expect((await harness.granted('a/taker')).publicKey).toBe(publicKey);
  expect((await harness.granted('a/giver')).publicKey).not.toBe(publicKey);
});

describe('a pin that cannot be had gets a condition and holds nothing else up:', () => {
  test.each([
    [
      'subnet outside the pools',
      { subnet: '192.168.0.0/16' },
      'SubnetOutsidePool',
      /none of the subnets of class standard/,
    ],
    ['subnet taken', { subnet: '10.100.0.0/16' }, 'SubnetTaken', /belongs to tunnel a\/late/],
    ['port outside the range', { listenPort: 443 }, 'PortOutsideRange', /51820–65535/],
    ['port taken', { listenPort: 51_820 }, 'PortTaken', /belongs to tunnel a\/late/],
  ])('%s', async (what, pins, reason, text) => {
    const name = `pin-${what.replaceAll(' ', '-')}`;
    await harness.addTunnel(`c/${name}`, pins);
    expect(await harness.untilReady('tenanttunnels', `c/${name}`, reason)).toMatch(text);
    expect((await harness.tunnel(`c/${name}`))?.status).toMatchObject({ phase: 'Error' });
    await harness.addRouter(`c/${name}`, { tenant: name });
    expect(await harness.untilReady('routers', `c/${name}`, 'Pending')).toMatch(text);
    await harness.addRouter(`c/beside-${name}`, { tenant: `beside-${name}` });
    await harness.granted(`c/beside-${name}`);
    // Corrected, it goes on by itself, and so does its router.
    await harness.patch(harness.path('tenanttunnels', `c/${name}`), {
      spec: { subnet: null, listenPort: null },
    });
    await harness.granted(`c/${name}`);
  });

  test.each([
    ['192.168.1.1', 'AddressOutsidePool', /write one from \d+\.\d+\.1\.0 to \d+\.\d+\.255\.254/],
    ['own', 'AddressOutsidePool', /none that this tunnel gives/],
  ])('address %s', async (address, reason, text) => {
    const subnet = String((await harness.allocated('a/late')).subnet);
    const pin = address === 'own' ? subnet.replace('.0.0/16', '.0.7') : address;
    await harness.addRouter('a/misplaced', { tunnelRef: { name: 'late' }, address: pin });
    expect(await harness.untilReady('routers', 'a/misplaced', reason)).toMatch(text);
    await harness.patch(harness.path('routers', 'a/misplaced'), { spec: { address: null } });
    await harness.granted('a/misplaced');
    await removed('routers', 'a/misplaced');
  });
});
