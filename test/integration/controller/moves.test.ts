/** Tunnels stay on their node while they can; lost, cordoned, troubled or not selected any more, another gets them. */
import { jest } from '@jest/globals';
import { ControllerHarness, GATEWAYS, until } from './harness.ts';
import { PretendedGateways } from './pretended-gateways.ts';

jest.setTimeout(240_000);

let harness: ControllerHarness;
let gateways: PretendedGateways;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  gateways = new PretendedGateways(harness.plane);
  await gateways.add('n1', { labels: { edge: 'true' } });
  await harness.addClass('standard', { gateway: { nodeSelector: { edge: 'true' } } });
  for (const name of ['a', 'b']) await harness.addNamespace(name);
  await harness.startController();
  for (const name of ['a', 'b']) await harness.addRouter(`${name}/r1`, { tenant: name });
  await harness.granted('a/r1');
  await harness.granted('b/r1');
});
afterAll(async () => {
  await gateways?.stop();
  await harness?.stop();
});

const gatewayOf = async (key: string): Promise<string | undefined> =>
  (await harness.tunnel(key))?.status?.gateway;
const keys = ['a/a', 'b/b'];
const untilOn = (node: string, key: string): Promise<void> =>
  until(`${key} is on ${node}`, async () => (await gatewayOf(key)) === node);

interface Labelled {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}

/** Where each handed-over object of a tunnel lies. */
async function placesOf(index: number): Promise<Record<string, string | undefined>> {
  const places: Record<string, string | undefined> = {};
  for (const kind of ['configmaps', 'secrets']) {
    const list = (await harness.plane.request('GET', `/api/v1/namespaces/${GATEWAYS}/${kind}`)).json();
    for (const { metadata } of list.items as Labelled[]) {
      if (metadata.labels?.['vpn.traidnet.io/tunnel-index'] === String(index))
        places[`${kind}/${metadata.name}`] = metadata.labels['vpn.traidnet.io/gateway'];
    }
  }
  return places;
}

async function isWholeOn(node: string, key: string): Promise<void> {
  const { index } = (await harness.tunnel(key))?.status ?? {};
  await until(`all of ${key} is on ${node}`, async () => {
    const places = Object.values(await placesOf(Number(index)));
    return places.length === 4 && places.every((place) => place === node);
  });
}

const placedAt = async (key: string): Promise<number> => {
  const { index } = (await harness.tunnel(key))?.status ?? {};
  const path = `/api/v1/namespaces/${GATEWAYS}/configmaps/tunnel-${index}`;
  return Number(
    (await harness.plane.request('GET', path)).json().metadata.annotations['vpn.traidnet.io/placed'],
  );
};

async function eventsOf(key: string): Promise<string[]> {
  const [namespace, name] = key.split('/');
  const list = (
    await harness.plane.request('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`)
  ).json();
  return list.items
    .filter((event: { regarding: { name: string; kind: string } }) => {
      return event.regarding.name === name && event.regarding.kind === 'TenantTunnel';
    })
    .map((event: { reason: string; note: string }) => `${event.reason}: ${event.note}`);
}

test('a silent node that has no successor keeps its tunnels, and one that comes gets them all', async () => {
  for (const key of keys) expect(await gatewayOf(key)).toBe('n1');
  gateways.fallSilent('n1');
  // Nobody else is heard, so it may be the API server that is silent.
  await new Promise((resolve) => setTimeout(resolve, 6000));
  for (const key of keys) expect(await gatewayOf(key)).toBe('n1');
  const before = await Promise.all(keys.map((key) => harness.tunnel(key)));
  await gateways.add('n2', { labels: { edge: 'true' } });
  for (const key of keys) {
    await untilOn('n2', key);
    await isWholeOn('n2', key);
  }
  for (const [at, key] of keys.entries()) {
    const { publicKey, subnet, listenPort, endpoint } = before[at]?.status ?? {};
    expect((await harness.tunnel(key))?.status).toMatchObject({ publicKey, subnet, listenPort, endpoint });
    expect(await placedAt(key)).toBeGreaterThan(1_700_000_000_000);
    await until('its Event', async () =>
      (await eventsOf(key)).includes(
        'TunnelMoved: Node n1 does not answer any more; node n2 carries the tunnel now. Its routers need nothing new.',
      ),
    );
  }
});

test('a node that is back gets nothing back, but the next tunnel: it has the fewest', async () => {
  gateways.speak('n1');
  await new Promise((resolve) => setTimeout(resolve, 4000));
  for (const key of keys) expect(await gatewayOf(key)).toBe('n2');
  await harness.addNamespace('c');
  await harness.addRouter('c/r1', { tenant: 'c' });
  await untilOn('n1', 'c/c');
});

test('a restarted controller moves nothing and writes nothing', async () => {
  // The class counts its tunnels a second later.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await harness.stopController();
  const before = await harness.writes();
  await harness.startController();
  await new Promise((resolve) => setTimeout(resolve, 6000));
  expect(await harness.writes()).toEqual(before);
});

test('a cordoned node is left by its tunnels, and uncordoned it gets none back', async () => {
  const before = await placedAt('a/a');
  await gateways.cordon('n2', true);
  for (const key of keys) {
    await untilOn('n1', key);
    await isWholeOn('n1', key);
  }
  expect(await placedAt('a/a')).toBeGreaterThan(before);
  await gateways.cordon('n2', false);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (const key of keys) expect(await gatewayOf(key)).toBe('n1');
});

test('all cordoned, they stay where they are and work', async () => {
  await gateways.cordon('n2', true);
  await gateways.cordon('n1', true);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (const key of [...keys, 'c/c']) expect(await gatewayOf(key)).toBe('n1');
  await gateways.cordon('n1', false);
  await gateways.cordon('n2', false);
});

test('a node that says it can carry none is left', async () => {
  await gateways.say('n1', { 'vpn.traidnet.io/problem': 'It has no WireGuard.' });
  for (const key of [...keys, 'c/c']) await untilOn('n2', key);
  await gateways.say('n1', { 'vpn.traidnet.io/problem': null });
});

test('a node that the class does not select any more is left', async () => {
  await gateways.label('n2', { edge: null });
  for (const key of [...keys, 'c/c']) await untilOn('n1', key);
  await gateways.label('n2', { edge: 'true' });
});

test('a silent node that never said it fences itself keeps its tunnels', async () => {
  await gateways.say('n1', { 'vpn.traidnet.io/fenced-after': null });
  gateways.fallSilent('n1');
  await new Promise((resolve) => setTimeout(resolve, 6000));
  for (const key of keys) expect(await gatewayOf(key)).toBe('n1');
});

test('lost with nobody to take over, that is said, and taken back when it answers', async () => {
  await gateways.label('n2', { edge: null });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await gateways.say('n1', { 'vpn.traidnet.io/fenced-after': '2' });
  const message = await harness.untilReady('tenanttunnels', 'a/a', 'NoGateway');
  expect(message).toBe(
    'Node n1 does not answer any more, and TunnelClass standard has no other gateway that could take the tunnel. See the gateway pod there, or give the class another node.',
  );
  gateways.speak('n1');
  await harness.untilReady('tenanttunnels', 'a/a', 'Pending');
  expect(await gatewayOf('a/a')).toBe('n1');
});
