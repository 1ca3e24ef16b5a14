/** Two agents on a real API server: they find each other, are fenced, and hand a tunnel over with what they know. */
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

jest.setTimeout(120_000);

const GATEWAYS = 'tenant-tunnel-gateways';
const HERE = { peerAddress: { host: '127.0.0.1', port: 0 }, removeAfterMs: 5000 };

let cluster: Cluster;
let a: GatewayNode;
let b: GatewayNode;
let tunnel: HandedOver;
let member: Member;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.plane.request('POST', `/api/v1/namespaces/${GATEWAYS}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'gateway-peers', labels: { 'vpn.traidnet.io/part': 'peer-key' } },
    data: { key: randomBytes(32).toString('base64') },
  });
  a = cluster.node();
  b = cluster.node();
  tunnel = await a.tunnel();
  member = await tunnel.addRouter();
  await tunnel.moveTo(a);
  a.sidecar.endpoints.set(member.peer.publicKey, '203.0.113.7:4711');
});
afterAll(async () => {
  await a?.stopAgent();
  await b?.stopAgent();
  await cluster?.stop();
});

const fence = async (node: GatewayNode): Promise<string | undefined> =>
  (await node.annotations())?.['vpn.traidnet.io/fenced-after'];

test('alone an agent is not fenced; beside another both are, and say so', async () => {
  await a.startAgent(HERE);
  await until('the first heartbeat', async () => (await a.lease()) !== undefined);
  expect(await fence(a)).toBeUndefined();
  expect(a.sidecar.holds.every(({ seconds }) => seconds === null)).toBe(true);
  await b.startAgent(HERE);
  await until('both are fenced', async () => (await fence(a)) === '6' && (await fence(b)) === '6');
  expect(a.sidecar.holds.at(-1)?.seconds).toBeGreaterThan(3);
  expect(a.sidecar.holds.at(-1)?.seconds).toBeLessThanOrEqual(6);
});

test('a tunnel that is moved comes with where its routers are, and the old node lets it go at once', async () => {
  const { interfaceName } = tunnel;
  await until('a has it', () => a.sidecar.interfaces.has(interfaceName));
  a.sidecar.shakeHands(member.peer.publicKey);
  await until('the router is connected', async () => (await tunnel.phase(member)) === 'VPNConnected');
  await until('its tunnel says so', async () => (await tunnel.status()).routers?.connected === 1);
  await tunnel.moveTo(b);
  await until('b has it', () => b.sidecar.interfaces.has(interfaceName));
  const put = b.sidecar.calls.find((call) => 'put' in call);
  expect(put).toMatchObject({
    put: { seen: { peers: { [member.peer.publicKey]: ['203.0.113.7:4711', expect.any(Number)] } } },
  });
  // All of its peers at once, so that all are spoken to.
  expect(b.sidecar.calls).toHaveLength(1);
  // Nobody can be logged in to before that; it is tried at its pace, which must not keep the agent from answering.
  expect(b.logs.filter((line) => line.includes('Could not configure')).length).toBeLessThan(50);
  await until('a lets it go', () => !a.sidecar.interfaces.has(interfaceName));
  // Until then it may tell that it cannot log in to a router which nobody plays here.
  const writes = a.writes.length;
  await until('b says so', async () => {
    const programmed = await tunnel.condition('tunnel', 'Programmed');
    return programmed?.status === 'True' && programmed.message.includes(b.name);
  });
  expect(a.writes.slice(writes)).toEqual([]);
  expect(await tunnel.phase(member)).toBe('VPNConnected');
});

test('an agent that ends leaves the other fenced until its Lease is over, and then alone', async () => {
  await a.stopAgent();
  expect(await fence(b)).toBe('6');
  await until('b is alone', async () => (await fence(b)) === undefined);
  await until('its word is taken back', () => b.sidecar.holds.at(-1)?.seconds === null);
});
