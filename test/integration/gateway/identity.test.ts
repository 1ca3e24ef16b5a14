import { FakeRouter } from './fake-router.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

const HOME = '192.0.2.1:13231';
const ELSEWHERE = '198.51.100.7:1024';

let cluster: Cluster;
let node: GatewayNode;
let tunnel: HandedOver;
let member: Member;
/** Who is at which place. */
let routers: Map<string, FakeRouter>;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
afterEach(() => node.stopAgent());

const place = (): string => node.sidecar.endpoints.get(member.peer.publicKey) ?? '';
const unique = () => tunnel.condition(member, 'Unique');

function routerAt(endpoint: string, serialNumber: string): FakeRouter {
  const router = new FakeRouter(member.access.password);
  router.serialNumber = serialNumber;
  routers.set(endpoint, router);
  return router;
}

function goTo(endpoint: string): void {
  node.sidecar.endpoints.set(member.peer.publicKey, endpoint);
}

beforeEach(async () => {
  node = cluster.node();
  tunnel = await node.tunnel();
  member = await tunnel.addRouter();
  routers = new Map();
  node.sidecar.listeners.set(`${member.peer.address}:8728`, (stream) => routers.get(place())?.listen(stream));
  await tunnel.writeAll();
  routerAt(HOME, 'AAA111');
  goTo(HOME);
  await node.startAgent({ identityLookMs: 100 });
  await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  node.sidecar.shakeHands(member.peer.publicKey);
  await until('Online', async () => (await tunnel.phase(member)) === 'Online');
}, 60_000);

/** It comes from there and from here by turns, and shakes hands each time, until it is so. */
async function flapUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const timer = setInterval(() => {
    goTo(place() === HOME ? ELSEWHERE : HOME);
    node.sidecar.shakeHands(member.peer.publicKey);
  }, 400);
  try {
    await until(what, holds);
  } finally {
    clearInterval(timer);
  }
}

/** Comes back from long away, so that it is logged in to. */
async function comeBack(): Promise<void> {
  node.sidecar.shakeHands(member.peer.publicKey, 1_000);
  await until('Offline', async () => (await tunnel.phase(member)) === 'Offline');
  node.sidecar.shakeHands(member.peer.publicKey);
  await until('Online', async () => (await tunnel.phase(member)) === 'Online');
}

test('two routers with one script are named with their serial numbers and places, once', async () => {
  expect(await unique()).toBeUndefined();
  const second = routerAt(ELSEWHERE, 'BBB222');
  await flapUntil('Cloned', async () => (await unique())?.reason === 'Cloned');
  const condition = await unique();
  expect(condition?.status).toBe('False');
  for (const part of ['AAA111', 'BBB222', HOME, ELSEWHERE]) expect(condition?.message).toContain(part);
  await until('its Event', async () => (await tunnel.events(member)).includes('RouterCloned'));
  const writes = node.routerWrites;
  const sessions = second.sessions;
  const enough = node.sidecar.readings + 60;
  await flapUntil('many more readings', () => node.sidecar.readings >= enough);
  // They go on, and nothing more is written or asked.
  expect(node.routerWrites).toBe(writes);
  expect(second.sessions).toBe(sessions);
  goTo(ELSEWHERE);
  await comeBack();
  expect((await tunnel.router(member)).status?.serialNumber).toBe('AAA111');
  expect((await unique())?.reason).toBe('Cloned');
}, 90_000);

test('one with two uplinks is asked at both, and nothing is said of it', async () => {
  const one = routers.get(HOME) as FakeRouter;
  routers.set(ELSEWHERE, one);
  const writes = node.routerWrites;
  await flapUntil('both places were asked', () => one.sessions >= 3);
  await node.readings(20);
  expect(await unique()).toBeUndefined();
  expect(node.routerWrites).toBe(writes);
  expect(one.sessions).toBe(3);
}, 90_000);

test('one that roams, from address to address, is not even asked', async () => {
  const router = routers.get(HOME) as FakeRouter;
  for (let step = 0; step < 12; step += 1) {
    const endpoint = `100.64.0.${step}:${1024 + step}`;
    routers.set(endpoint, router);
    goTo(endpoint);
    await node.readings(2);
  }
  await node.readings(10);
  expect(router.sessions).toBe(1);
  expect(await unique()).toBeUndefined();
}, 90_000);

test('one that was replaced is told with both serial numbers; put back within the hour, they take turns', async () => {
  routerAt(HOME, 'BBB222');
  await comeBack();
  await until('HardwareChanged', async () => (await unique())?.reason === 'HardwareChanged');
  const { status } = await tunnel.router(member);
  expect(status?.serialNumber).toBe('BBB222');
  expect((await unique())?.message).toMatch(/BBB222.*AAA111/);
  await until('its Event', async () => (await tunnel.events(member)).includes('HardwareChanged'));
  routerAt(HOME, 'AAA111');
  await comeBack();
  await until('Cloned', async () => (await unique())?.reason === 'Cloned');
  expect((await unique())?.message).toContain('by turns within the hour');
  for (const serial of ['BBB222', 'AAA111', 'BBB222']) {
    routerAt(HOME, serial);
    await comeBack();
  }
  expect((await tunnel.router(member)).status?.serialNumber).toBe('BBB222');
  const events = await tunnel.events(member);
  expect(events.filter((reason) => /HardwareChanged|RouterCloned/.test(reason))).toHaveLength(2);
}, 120_000);
