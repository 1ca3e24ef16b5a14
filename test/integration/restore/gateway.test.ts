/** The gateways' part of a restore: routers that are connected are said to be so again, by handshakes that were before it. */
import { jest } from '@jest/globals';
import { ROUTERS } from '../../../src/api/index.ts';
import { FakeRouter } from '../gateway/fake-router.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from '../gateway/harness.ts';

jest.setTimeout(120_000);

const PATH = '/apis/vpn.traidnet.io/v1alpha1';

let cluster: Cluster;
let node: GatewayNode;
let tunnel: HandedOver;
let members: Member[];

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(async () => {
  node = cluster.node();
  tunnel = await node.tunnel();
  members = [await tunnel.addRouter(), await tunnel.addRouter()];
  for (const { peer, access } of members) {
    node.sidecar.listeners.set(`${peer.address}:8728`, new FakeRouter(access.password).listen);
  }
  await tunnel.writeAll();
  await node.startAgent();
  await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  for (const { peer } of members) node.sidecar.shakeHands(peer.publicKey);
  await untilOnline();
});
afterEach(() => node.stopAgent());

async function untilOnline(): Promise<void> {
  for (const member of members) {
    await until('Online', async () => (await tunnel.phase(member)) === 'Online');
  }
}

async function loseStatuses(): Promise<void> {
  for (const { peer } of members) {
    const path = `${PATH}/namespaces/${peer.namespace}/routers/${peer.name}/status`;
    const answer = await cluster.plane.request(
      'PATCH',
      path,
      { status: null },
      'application/merge-patch+json',
    );
    expect(answer.status).toBe(200);
  }
}

const controllerSays = async (): Promise<void> => {
  for (const member of members) await tunnel.controllerSays(member, { phase: 'AwaitingConnection' });
};

test.each([
  ['while the agent works', false],
  ['while it is away', true],
])('all statuses lost %s: Online again, without a new handshake', async (_when, isAway) => {
  if (isAway) await node.stopAgent();
  await loseStatuses();
  await controllerSays();
  if (isAway) await node.startAgent();
  await untilOnline();
  expect((await tunnel.router(members[0] as Member)).status?.lastHandshakeTime).toBeDefined();
});

test('all Routers made again under other uids: Online again, and no peer is touched', async () => {
  const calls = node.sidecar.calls.length;
  for (const member of members) {
    const { namespace, name } = member.peer;
    await cluster.plane.request('DELETE', `${PATH}/namespaces/${namespace}/routers/${name}`);
    const made = await cluster.admin.create(ROUTERS, {
      metadata: { name, namespace },
      spec: { tenant: 'acme' },
    } as never);
    Object.assign(member.peer, { uid: made.metadata.uid });
  }
  await controllerSays();
  await tunnel.writeBlock();
  await untilOnline();
  expect(node.sidecar.calls.length).toBe(calls);
});
