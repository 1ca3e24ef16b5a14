/** Two gateway pods of one node: one works, the other stands by and takes over. */
import { jest } from '@jest/globals';
import { ANNOTATION_CLOCK, ANNOTATION_PROBLEM, ANNOTATION_TUNNELS } from '../../../src/api/index.ts';
import { FakeRouter } from './fake-router.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

jest.setTimeout(120_000);

let cluster: Cluster;
let first: GatewayNode;
let second: GatewayNode;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(() => {
  first = cluster.node();
  second = first.secondPod();
});
afterEach(() => Promise.all([first.stopAgent(), second.stopAgent()]));

interface Customer {
  tunnel: HandedOver;
  member: Member;
}

async function customer(pods = [first, second]): Promise<Customer> {
  const tunnel = await first.tunnel();
  const member = await tunnel.addRouter();
  const router = new FakeRouter(member.access.password);
  for (const { sidecar } of pods) sidecar.listeners.set(`${member.peer.address}:8728`, router.listen);
  await tunnel.writeAll();
  return { tunnel, member };
}

const is = (phase: string, { tunnel, member }: Customer) =>
  until(phase, async () => (await tunnel.phase(member)) === phase);

async function online(one: Customer): Promise<void> {
  await until('the interface', () => first.sidecar.interfaces.has(one.tunnel.interfaceName));
  first.sidecar.shakeHands(one.member.peer.publicKey);
  await is('Online', one);
  await until('it is counted', async () => (await one.tunnel.status()).routers?.online === 1);
}

async function standBy(): Promise<void> {
  await second.startAgent();
  await until('the second is ready', () => second.waitingFor().length === 0);
}

/** The first pod's containers end, the sidecar a little sooner; the second's sidecar gets the node's lock. */
function handOver(): void {
  first.sidecar.down = true;
  second.sidecar.state = 'active';
}

test('a standby is ready once it has read the cluster, says what it waits for, and writes nothing', async () => {
  const { tunnel, member } = await customer();
  await standBy();
  await tunnel.change(member, { suspended: true });
  await tunnel.removeAll();
  await second.looks(5);
  expect([second.writes, second.leaseWrites, second.sidecar.calls]).toEqual([[], 0, []]);
  expect(await second.lease()).toBeUndefined();
  const said = second.logs.filter((line) => /stands by/.test(line));
  expect(said).toEqual([
    'info Waiting until the gateway pod that works on this node ends; this one stands by. {}',
  ]);
});

test('it takes over: all tunnels are put side by side, and no status of a router that stays is written', async () => {
  const customers = await Promise.all([customer(), customer(), customer()]);
  await first.startAgent();
  for (const one of customers.slice(0, 2)) await online(one);
  const awaiting = customers[2] as Customer;
  await until('it is a peer', () => first.sidecar.interfaces.has(awaiting.tunnel.interfaceName));
  await standBy();
  const gate = Promise.withResolvers<void>();
  second.sidecar.gate = gate.promise;

  handOver();
  await until('all three at once', () => second.sidecar.mostPuts === 3);
  gate.resolve();
  await second.readings(6);
  await until('the first hears nothing', () => first.waitingFor().some((what) => /sidecar/.test(what)));
  // Their interfaces are new and know no handshake yet.
  expect(second.writes).toEqual([]);
  for (const one of customers.slice(0, 2)) expect(await one.tunnel.phase(one.member)).toBe('Online');
  expect(await awaiting.tunnel.phase(awaiting.member)).toBe('AwaitingConnection');

  for (const { member } of customers.slice(0, 2)) second.sidecar.shakeHands(member.peer.publicKey);
  await second.readings(6);
  expect(second.writes).toEqual([]);
  await first.stopAgent();
  second.sidecar.shakeHands(awaiting.member.peer.publicKey);
  await is('Online', awaiting);
  // An Event is written behind the status.
  await until('its Events', async () => {
    const told = await awaiting.tunnel.events(awaiting.member);
    return told.join() === 'RouterConnected,RouterOnline';
  });
});

test('what the first said while the second stood by is not taken back', async () => {
  const one = await customer();
  await first.startAgent({ offlineAfterSeconds: 2 });
  await online(one);
  await standBy();
  await is('Offline', one);
  handOver();
  await until('the interface', () => second.sidecar.interfaces.has(one.tunnel.interfaceName));
  await second.readings(6);
  expect(second.routerWrites).toBe(0);
  expect(await one.tunnel.phase(one.member)).toBe('Offline');
  second.sidecar.shakeHands(one.member.peer.publicKey);
  await is('Online', one);
});

test('an agent that outlives its sidecar says nothing of its routers, however long and whatever happens', async () => {
  const one = await customer();
  await first.startAgent({ offlineAfterSeconds: 1 });
  await until('the interface', () => first.sidecar.interfaces.has(one.tunnel.interfaceName));
  const shaking = setInterval(() => first.sidecar.shakeHands(one.member.peer.publicKey), 100);
  await is('Online', one);
  first.sidecar.down = true;
  clearInterval(shaking);
  await first.looks(2);
  const [before, leasesBefore] = [first.writes.length, first.leaseWrites];
  const goneAt = Date.now();
  await one.tunnel.writeBlock([]);
  await until('it would have been called offline', () => Date.now() - goneAt > 2_000);
  await first.looks(10);
  expect(first.writes.slice(before)).toEqual([]);
  expect(first.leaseWrites).toBe(leasesBefore);
  expect(await one.tunnel.phase(one.member)).toBe('Online');
  // Nobody took over, and it comes back: what was held back is told.
  first.sidecar.down = false;
  await is('Offline', one);
});

test('an agent whose sidecar lost the node to another goes on where it was when it has it again', async () => {
  const one = await customer();
  await first.startAgent();
  await online(one);
  first.sidecar.state = 'standby';
  first.sidecar.loseAll();
  await until('it stands by', () => first.logs.some((line) => /stands by/.test(line)));
  expect(first.waitingFor()).toEqual([]);
  const before = first.writes.length;
  first.sidecar.state = 'active';
  await until('the interface', () => first.sidecar.interfaces.has(one.tunnel.interfaceName));
  await first.readings(6);
  expect(first.writes.slice(before)).toEqual([]);
});

describe('the Lease', () => {
  const says = (annotation: string, value: RegExp | undefined) =>
    until(`${annotation} is ${value}`, async () => {
      const text = (await first.annotations())?.[annotation];
      return value === undefined ? text === undefined : value.test(text ?? '');
    });

  test('counts the tunnels that the node carries, also those that nobody wants there any more', async () => {
    const { tunnel } = await customer();
    await first.startAgent();
    await says(ANNOTATION_TUNNELS, /^1$/);
    await first.stopAgent();
    const { state } = first.sidecar.interface(tunnel.interfaceName);
    const stray = { ...state, interfaceName: 'wg9999', listenPort: 50_000 };
    first.sidecar.interfaces.set('wg9999', { state: stray, peers: new Map() });
    await first.startAgent({ removeAfterMs: 60_000 });
    await says(ANNOTATION_TUNNELS, /^2$/);
    await first.stopAgent();
    await tunnel.removeAll();
    await first.startAgent();
    await says(ANNOTATION_TUNNELS, /^0$/);
    expect(first.sidecar.interfaces.size).toBe(0);
  });

  test("tells that the node's clock is wrong, as one Event does, and the tunnels work on", async () => {
    const one = await customer();
    first.clockOffset = { least: 3_600_000, most: 3_601_000 };
    await first.startAgent();
    await online(one);
    await says(ANNOTATION_CLOCK, /^The clock of this node is about 60 min ahead of that of the API server: /);
    await says(ANNOTATION_PROBLEM, undefined);
    await until('its Event', async () => (await first.events()).length > 0);
    expect(first.waitingFor()).toEqual([]);
    first.clockOffset = { least: -1_000, most: 0 };
    await says(ANNOTATION_CLOCK, undefined);
    expect(await first.events()).toEqual(['Warning NodeClockWrong']);
    await is('Online', one);
  });

  test('tells why the node can carry none, as the tunnel does and readiness; and no more once it can', async () => {
    const sentence = 'The node has neither kernel WireGuard nor /dev/net/tun; load the module.';
    first.sidecar.problem = sentence;
    const { tunnel } = await customer();
    await first.startAgent();
    await says(ANNOTATION_PROBLEM, /neither kernel WireGuard/);
    await until('it is not ready', () => first.waitingFor().some((what) => what.includes(sentence)));
    await until('the tunnel says it', async () => {
      const programmed = await tunnel.condition('tunnel', 'Programmed');
      return programmed?.reason === 'NoDevice' && programmed.message.includes(sentence);
    });
    expect(first.logs.filter((line) => line.startsWith('warn This node'))).toHaveLength(1);
    first.sidecar.problem = null;
    await says(ANNOTATION_PROBLEM, undefined);
    await until('the tunnel is there', async () => {
      return (await tunnel.condition('tunnel', 'Programmed'))?.status === 'True';
    });
    expect(first.waitingFor()).toEqual([]);
  });
});
