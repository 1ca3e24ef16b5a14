/** The endpoint of a class is edited: its routers go there over their tunnels, and nothing is pasted. */
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { GROUP_PATH } from './field.ts';
import { PingStream } from './ping-stream.ts';
import { tell, World } from './world.ts';

jest.setTimeout(900_000);

/** Of the test internet, and of no host there until the node has them. */
const [OLD, NEW, DEAD] = ['198.51.100.247', '198.51.100.248', '198.51.100.249'];
const NAME = 'vpn.example.com';
const TUNNEL = 'acme/acme';
const PEERS = '/interface/wireguard/peers';
const VERSIONS = { 'acme/r1': '7.9.2', 'acme/r2': '7.16.2', 'acme/r3': '7.24', 'acme/r4': '7.24' };

let world: World;
const machines = new Map<string, SimulatedRouter>();
let pastes = 0;

const endpointOf = (machine: SimulatedRouter): string | undefined =>
  machine.os.rows(PEERS)[0]?.['endpoint-address'];
const change = () => world.tunnel(TUNNEL).status?.endpointChange;
const followed = () =>
  world.tunnel(TUNNEL).status?.conditions?.find(({ type }) => type === 'EndpointFollowed');
/** Said of this one: what was said of the endpoint before stands until the agent has heard of the next. */
const haveFollowedTo = (host: string) =>
  change() === undefined &&
  followed()?.status === 'True' &&
  followed()?.message.includes(` ${host}:`) === true;
const address = (verb: 'add' | 'del', one: string) =>
  world.system.node.exec('ip', ['address', verb, `${one}/32`, 'dev', 'ether1']);

async function edit(host: string): Promise<void> {
  const response = await world.system.plane.request(
    'PATCH',
    `${GROUP_PATH}/tunnelclasses/standard`,
    { spec: { endpoint: { host } } },
    'application/merge-patch+json',
  );
  expect(response.status).toBe(200);
  const text = `${host}:${world.tunnel(TUNNEL).status?.listenPort}`;
  await waitFor(`the status tells ${text}`, () => world.tunnel(TUNNEL).status?.endpoint === text);
}

/** Edits the class and waits until all routers are there; tells what was lost meanwhile. */
async function moveTo(host: string): Promise<void> {
  const server = world.tunnel(TUNNEL).status?.serverAddress ?? '';
  const pings = [...machines].map(([key, { netns }]) => ({ key, stream: new PingStream(netns, server) }));
  await Promise.all(pings.map(({ stream }) => stream.isAnswered()));
  const began = performance.now();
  await edit(host);
  await waitFor('all routers are there', () => haveFollowedTo(host), 300_000);
  tell(
    `class edited → all of ${machines.size} routers at ${host}: ${Math.round(performance.now() - began)} ms`,
  );
  for (const { key, stream } of pings) {
    const { sent, lost, longestGapMs } = await stream.stop();
    tell(`${key}: of ${sent} pings ${lost} lost, longest gap ${longestGapMs} ms`);
    expect(longestGapMs).toBeLessThan(30_000);
  }
  for (const machine of machines.values()) expect(endpointOf(machine)).toBe(host);
}

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme'], classSpec: { endpoint: { host: OLD } } });
  await address('add', OLD);
  await address('add', NEW);
  for (const [key, version] of Object.entries(VERSIONS)) {
    machines.set(key, await world.bringOnline(key, version));
    pastes += 1;
  }
  for (const key of machines.keys()) await world.untilUsed(key);
}, 600_000);
afterAll(() => world?.stop());

test('all routers go to the new address, and live on when the old one is taken away', async () => {
  await moveTo(NEW);
  expect(followed()).toMatchObject({ status: 'True', reason: 'Followed' });
  await address('del', OLD);
  const server = world.tunnel(TUNNEL).status?.serverAddress ?? '';
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  for (const [key, machine] of machines) {
    expect(await machine.ping(server, { count: 3 })).toEqual({ sent: 3, received: 3 });
    expect(world.router(key).status?.phase).toBe('Online');
  }
  await world.untilEvent(TUNNEL, 'EndpointChanged', { kind: 'TenantTunnel' });
  await world.untilEvent(TUNNEL, 'EndpointFollowed', { kind: 'TenantTunnel' });
  expect(pastes).toBe(machines.size);
});

test('and to a name, with what asks again what it means', async () => {
  world.network.hosts.set(NAME, NEW);
  await moveTo(NAME);
  for (const machine of machines.values())
    expect(machine.os.rows('/tool/netwatch').map(({ comment }) => comment)).toEqual([
      'tenant-tunnel: new address of the server',
    ]);
});

test('an endpoint that leads nowhere: one router tries and is back within three minutes; no other is touched', async () => {
  const touched = new Set<string>();
  const stops = [...machines].map(([key, machine]) =>
    machine.os.onChange(({ menu }) => {
      if (menu === PEERS && endpointOf(machine) !== NAME) touched.add(key);
    }),
  );
  const began = performance.now();
  await edit(DEAD);
  await waitFor('it is told', () => followed()?.reason === 'EndpointChangeFailed', 240_000);
  const [key = ''] = touched;
  const server = world.tunnel(TUNNEL).status?.serverAddress ?? '';
  const machine = machines.get(key) as SimulatedRouter;
  await waitFor('it is back', () => endpointOf(machine) === NAME, 180_000);
  await waitFor('it is reached', async () => (await machine.ping(server)).received > 0, 60_000);
  const ms = performance.now() - began;
  tell(`class edited → the one router that tried is back at the old endpoint: ${Math.round(ms)} ms`);
  expect(ms).toBeLessThan(180_000);
  expect(touched.size).toBe(1);
  expect(change()).toMatchObject({ to: `${DEAD}:51820`, changed: 0, pending: 3, failed: 1 });
  expect(change()?.names?.[0]).toBe(key);
  expect(followed()?.message).toContain(`Router ${key} did not get to ${DEAD}:51820`);
  await world.untilEvent(TUNNEL, 'EndpointChangeFailed', { kind: 'TenantTunnel' });
  for (const stop of stops) stop();

  // Put back: whoever has it is found to have it, and nothing is changed.
  await edit(NAME);
  await waitFor('all is as before', () => haveFollowedTo(NAME), 300_000);
  for (const key of machines.keys()) await world.untilPhase(key, 'Online');
});
