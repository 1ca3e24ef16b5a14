import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import type { ProcessName } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { ArgumentRecord, findAll, LeakWatch } from './leaks.ts';
import { execInTunnel, fromServer, opensTcp, peersOnNode } from './node-side.ts';
import { PingStream } from './ping-stream.ts';
import { tell, World } from './world.ts';

jest.setTimeout(600_000);

const KILLS = 10;
const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.24'];
const keys = (tenant: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${tenant}/r${from + i}`);
/** Online before anything is killed; applied and pasted while the controller and the agent die; while the sidecar. */
const BEFORE = [...keys('acme', 0, 6), ...keys('globex', 0, 4)];
const DURING_FIRST = [...keys('acme', 6, 3), ...keys('globex', 4, 2)];
const DURING_SECOND = [...keys('acme', 9, 3), ...keys('globex', 6, 2)];
const ALL = [...BEFORE, ...DURING_FIRST, ...DURING_SECOND];

let world: World;
let record: ArgumentRecord;
let leaks: LeakWatch;
const field = new Map<string, SimulatedRouter>();

/** What a tunnel's interface holds, one line a peer, by public key; the server's key and port first. */
async function onNode(interfaceName: string): Promise<Map<string, string>> {
  const show = (field: string) =>
    execInTunnel(world.system, interfaceName, 'wg', ['show', interfaceName, field]);
  const allowed = await peersOnNode(world.system, interfaceName, 'allowed-ips');
  const shared = await peersOnNode(world.system, interfaceName, 'preshared-keys');
  const own = `${await show('public-key')} ${await show('listen-port')}`;
  return new Map([
    ['interface', own],
    ...[...allowed].map(([key, ips]) => [key, `${ips} ${shared.get(key)}`] as const),
  ]);
}
const onWholeNode = async (): Promise<Map<string, string>> =>
  new Map([
    ...(await onNode('wg0')),
    ...[...(await onNode('wg1'))].map(([k, v]) => [`wg1 ${k}`, v] as const),
  ]);

/** What the whole node holds once it has so many routers, and lets none in by a former key any more. */
async function onNodeOf(routers: number): Promise<Map<string, string>> {
  await waitFor(
    `peers of ${routers} routers`,
    async () => (await onWholeNode()).size === routers + 2,
    60_000,
  );
  return onWholeNode();
}

/** Kills ten times at random moments, also while it is starting; ready again at the end. */
async function killAgainAndAgain(name: ProcessName): Promise<void> {
  for (let i = 0; i < KILLS; i++) {
    await sleep(2_500 * Math.random());
    await world.system.kill(name);
    const started = world.system.start(name);
    if (i === KILLS - 1) await started;
    // The next kill may meet it before it is ready.
    else started.catch(() => undefined);
    await waitFor(`${name} runs`, () => isRunning(name));
  }
}

function isRunning(name: ProcessName): boolean {
  try {
    return world.system.pid(name) > 0;
  } catch {
    return false;
  }
}

/** Applied and pasted one after the other while `trouble` goes on; all Online some time after. */
async function bringUpDuring(routers: readonly string[], trouble: Promise<unknown>): Promise<void> {
  const brought = Promise.all(
    routers.map(async (key, i) => {
      await sleep(1_000 * i);
      field.set(key, await world.bringOnline(key, VERSIONS[i % VERSIONS.length] ?? ''));
    }),
  );
  await Promise.all([trouble, brought]);
}

function pinging(from: string, to: string): PingStream {
  const netns = field.get(from)?.netns ?? '';
  return new PingStream(netns, world.router(to).status?.address ?? '');
}

const allOnline = (routers: readonly string[]): Promise<unknown> =>
  Promise.all(routers.map((key) => world.untilPhase(key, 'Online')));
/** And have made their own keys: an agent that dies in the middle of that leaves it to the next. */
const allSettled = (routers: readonly string[]): Promise<unknown> =>
  Promise.all(routers.map((key) => world.untilUsed(key)));

beforeAll(async () => {
  record = new ArgumentRecord();
  world = await World.start({
    namespaces: ['acme', 'globex'],
    classSpec: { router: { presharedKeys: true } },
    environment: record.environment,
    // A killed leader's Lease would keep its next life from working for 15 s, and kills from meeting it at work.
    flags: { controller: ['--leader-elect=false'] },
  });
  leaks = new LeakWatch(world.system, record);
  await world.apply('acme/r0');
  await world.script('acme/r0');
  await world.apply('globex/r0');
  await Promise.all(
    BEFORE.map(async (key, i) => {
      const machine = await world.plugIn(key, VERSIONS[i % VERSIONS.length] ?? '');
      field.set(key, machine);
      if (!key.endsWith('/r0')) await world.apply(key);
      await world.paste(key, machine);
      await world.untilPhase(key, 'Online');
    }),
  );
  await allSettled(BEFORE);
}, 400_000);
afterAll(async () => {
  leaks?.stop();
  await world?.stop();
  record?.remove();
});

describe('twenty routers', () => {
  let before: Map<string, string>;

  test('come Online while controller and agent are killed, and those connected lose no packet', async () => {
    before = await onNodeOf(BEFORE.length);
    const pings = [pinging('acme/r1', 'acme/r2'), pinging('globex/r1', 'globex/r2')];
    const kills = Promise.all([killAgainAndAgain('controller'), killAgainAndAgain('agent')]);
    await bringUpDuring(DURING_FIRST, kills);
    for (const ping of pings) {
      const { sent, lost } = await ping.stop();
      tell(`controller and agent killed ${KILLS} times each: ${sent} packets, ${lost} lost`);
      expect(lost).toBe(0);
    }
  });

  test('come Online while the sidecar is killed, and those connected lose no packet', async () => {
    const ping = pinging('acme/r3', 'acme/r4');
    await bringUpDuring(DURING_SECOND, killAgainAndAgain('sidecar'));
    const { sent, lost } = await ping.stop();
    tell(`sidecar killed ${KILLS} times: ${sent} packets, ${lost} lost`);
    expect(lost).toBe(0);
  });

  test('are all Online, those of before with the keys and addresses of before', async () => {
    await allOnline(ALL);
    await allSettled(ALL);
    const after = await onNodeOf(ALL.length);
    for (const [key, value] of before) expect([key, after.get(key) === value]).toEqual([key, true]);
    const given = ALL.map((key) => world.router(key).status);
    for (const part of ['address', 'publicKey'] as const) {
      // Tenants have subnets of their own, so that no address is in two of them.
      expect(new Set(given.map((status) => status?.[part])).size).toBe(ALL.length);
    }
    await waitFor('the tunnels count them all', () => {
      const counts = ['acme/acme', 'globex/globex'].map((key) => world.tunnel(key).status?.routers?.online);
      return counts[0] === 12 && counts[1] === 8;
    });
    for (const key of BEFORE) expect(world.history.phases(key)).not.toContain('Offline');
  });
});

describe('the processes', () => {
  test('end in order at SIGTERM, and change nothing when they are back', async () => {
    const { system } = world;
    const before = await onWholeNode();
    for (const name of ['controller', 'agent', 'sidecar'] as const) {
      const took = await system.end(name);
      tell(`${name}: SIGTERM → gone in ${Math.round(took)} ms`);
      const ending = system.log(name).trimEnd().split('\n').slice(-1)[0] ?? '';
      expect([name, ending]).toEqual([name, expect.stringContaining('"Stopped"')]);
      expect(took).toBeLessThan(5_000);
    }
    expect(await onWholeNode()).toEqual(before);
    for (const name of ['sidecar', 'controller', 'agent'] as const) await system.start(name);
    await allOnline(ALL);
    expect(await onWholeNode()).toEqual(before);
  });

  test('may all be away, the API server too: tunnels work on, and nothing is lost when they are back', async () => {
    const { system } = world;
    const before = await onWholeNode();
    const versions = () => ALL.map((key) => world.router(key).metadata.uid);
    const uids = versions();
    for (const name of ['controller', 'agent', 'sidecar'] as const) await system.kill(name);
    await system.plane.stopApiServer();
    const ping = pinging('globex/r3', 'globex/r1');
    await sleep(3_000);
    const { sent, lost } = await ping.stop();
    tell(`all killed and no API server: ${sent} packets, ${lost} lost`);
    expect(lost).toBe(0);
    const { address = '' } = world.router('acme/r5').status ?? {};
    expect(await opensTcp(fromServer(system, 'wg0'), address, 8728)).toBe(true);

    await system.plane.startApiServer();
    for (const name of ['sidecar', 'controller', 'agent'] as const) await system.start(name);
    field.set('acme/later', await world.bringOnline('acme/later', '7.16.2'));
    await allOnline(ALL);
    expect(versions()).toEqual(uids);
    const after = await onWholeNode();
    for (const [key, value] of before) expect([key, after.get(key) === value]).toEqual([key, true]);
  });

  test('go on by themselves when the API server was away', async () => {
    const { system } = world;
    await system.plane.restartApiServer();
    await world.change('acme/later', { identity: 'renamed' });
    await waitFor('the router has its new name', () => {
      return field.get('acme/later')?.os.rows('/system/identity')[0]?.name === 'renamed';
    });
    await world.remove('acme/later');
    await waitFor('its peer is gone', async () => (await peersOnNode(system, 'wg0')).size === 12, 60_000);
    await allOnline(ALL);
  });
});

describe('private keys, passwords and pre-shared keys of the whole run', () => {
  test('stand in no ConfigMap, Event, status, Lease, log line, metric or process argument', async () => {
    await leaks.learnSecrets();
    const { secrets } = leaks;
    // Two servers' keys; of each router a private key, two passwords and a pre-shared key.
    expect(secrets.size).toBeGreaterThanOrEqual(2 + 4 * ALL.length);
    for (const kind of ['privateKey', 'presharedKey', 'password', 'next', 'private key']) {
      expect([...secrets.values()].filter((what) => what.startsWith(kind)).length).toBeGreaterThan(0);
    }
    const places = await leaks.places();
    const bytes = [...places.values()].reduce((sum, text) => sum + text.length, 0);
    tell(`${secrets.size} secrets sought in ${Math.round(bytes / 1024)} KiB`);
    expect(findAll(secrets, places)).toEqual([]);
  });

  test('would be found there', async () => {
    const { plane } = world.system;
    const publicTexts = new Map([
      [world.router('acme/r0').status?.publicKey ?? '', 'public key'],
      ['tto_', 'metric'],
      ['acme/acme', 'tunnel'],
      ['wg0', 'interface'],
      ['RouterConnected', 'reason'],
    ]);
    const open = findAll(publicTexts, await leaks.places());
    expect(open).toEqual(
      expect.arrayContaining([
        'public key: /api/v1/configmaps',
        'public key: /apis/vpn.traidnet.io/v1alpha1/routers',
        'reason: /apis/events.k8s.io/v1/events',
        'metric: metrics of controller',
        'metric: metrics of agent',
        'metric: metrics of sidecar',
        'tunnel: log of controller',
        'interface: log of agent',
        'interface: log of sidecar',
        'interface: arguments of programs that the sidecar starts',
      ]),
    );
    // Planted, each in another form.
    const password = [...leaks.secrets].find(([, what]) => what.startsWith('password'))?.[0] ?? '';
    const key = [...leaks.secrets].find(([, what]) => what.startsWith('presharedKey'))?.[0] ?? '';
    await world.create('/api/v1/namespaces/acme/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'planted' },
      data: { hex: Buffer.from(key, 'base64').toString('hex') },
    });
    const talkative = spawn('sleep', ['60'], { argv0: `sleep ${password}` });
    await waitFor('both are found', async () => {
      const found = findAll(leaks.secrets, await leaks.places());
      return (
        found.length === 2 && /configmaps/.test(found.join()) && /arguments of processes/.test(found.join())
      );
    });
    talkative.kill('SIGKILL');
    await plane.request('DELETE', '/api/v1/namespaces/acme/configmaps/planted');
  });
});
