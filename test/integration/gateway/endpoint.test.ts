/** What is said of routers on their way to another endpoint: status, Events, and nothing of a tunnel that has none. */
import { TENANT_TUNNELS } from '../../../src/api/index.ts';
import { type Event, events } from '../../../src/kube/index.ts';
import { FakeRouter } from './fake-router.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

const NEW = { host: 'new.example.com', port: 51820 };
const TO = 'new.example.com:51820';
const THIRD = { host: 'third.example.com', port: 51820 };
const THIRD_TO = 'third.example.com:51820';

let cluster: Cluster;
let node: GatewayNode;
let tunnel: HandedOver;
let there: Member;
let closed: Member;
let router: FakeRouter;

beforeAll(async () => {
  cluster = await Cluster.start();
  node = cluster.node();
  tunnel = await node.tunnel();
  there = await tunnel.addRouter();
  // Nobody may log in to it.
  closed = await tunnel.addRouter({ autoConfiguration: { enabled: false } });
  router = new FakeRouter(there.access.password);
  node.sidecar.listeners.set(`${there.peer.address}:8728`, router.listen);
  await tunnel.writeAll();
  await node.startAgent();
  await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  for (const { peer } of [there, closed]) node.sidecar.shakeHands(peer.publicKey);
  for (const member of [there, closed])
    await until('Online', async () => (await tunnel.phase(member)) === 'Online');
}, 900_000);
afterAll(async () => {
  await node?.stopAgent();
  await cluster?.stop();
}, 60_000);

const change = async () => (await tunnel.status()).endpointChange;
const followed = () => tunnel.condition('tunnel', 'EndpointFollowed');
const reasons = async () => {
  const { namespace, uid } = tunnel.tenantTunnel.metadata;
  const { items } = await cluster.admin.list<Event>(events, { namespace: namespace ?? '' });
  return items.filter(({ regarding }) => regarding.uid === uid).map(({ reason }) => reason);
};

test('nothing is said, and nobody asked, where nothing changes', async () => {
  await node.readings(3);
  expect(await change()).toBeUndefined();
  expect(await followed()).toBeUndefined();
  expect(router.sessions).toBe(1);
});

test('while some are not there it names them; a restarted agent goes on with those and asks no other', async () => {
  router.endpoint = NEW;
  await tunnel.writeTunnel({ endpoint: NEW });
  await until('one is there', async () => (await change())?.changed === 1);
  expect(await change()).toEqual({ to: TO, changed: 1, pending: 1, failed: 0, names: [closed.key] });
  expect(await followed()).toMatchObject({ status: 'False', reason: 'EndpointChanging' });
  expect(router.sessions).toBe(2);
  const before = node.writes.length;
  await node.stopAgent();
  await node.startAgent();
  await node.readings(5);
  expect(await change()).toEqual({ to: TO, changed: 1, pending: 1, failed: 0, names: [closed.key] });
  expect(router.sessions).toBe(2);
  expect(node.writes.slice(before)).toEqual([]);
});

test('an endpoint that the cluster knows not to be ready is waited for', async () => {
  const { namespace, name } = tunnel.tenantTunnel.metadata;
  const sayReady = (status: 'True' | 'False') =>
    cluster.admin.applyStatus(
      TENANT_TUNNELS,
      {
        metadata: { namespace, name },
        status: {
          conditions: [
            {
              type: 'EndpointReady',
              status,
              reason: 'Pending',
              message: 'As the test says.',
              lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
            },
          ],
        },
      } as never,
      { fieldManager: 'tenant-tunnel-controller' },
    );
  await sayReady('False');
  router.endpoint = THIRD;
  await tunnel.writeTunnel({ endpoint: THIRD });
  await until('the change is told', async () => (await change())?.to === THIRD_TO);
  await node.readings(10);
  expect(await change()).toMatchObject({ changed: 0, pending: 2 });
  expect(router.sessions).toBe(2);
  await sayReady('True');
  await until('one is there', async () => (await change())?.changed === 1);
  expect(router.sessions).toBe(3);
});

test('when all are there it is said once, and what is counted goes with the handover', async () => {
  await tunnel.writeBlock([there]);
  await until('it is over', async () => (await followed())?.status === 'True');
  expect(await change()).toEqual({ to: THIRD_TO, changed: 1, pending: 0, failed: 0 });
  await tunnel.writeTunnel();
  await until('it is gone', async () => (await change()) === undefined);
  expect(await followed()).toMatchObject({ status: 'True', reason: 'Followed' });
  await until('its Event', async () => (await reasons()).includes('EndpointFollowed'));
  const before = node.writes.length;
  await node.readings(5);
  expect(node.writes.slice(before)).toEqual([]);
});
