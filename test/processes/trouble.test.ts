import { jest } from '@jest/globals';
import type { Misbehaviour, SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { peersOnNode } from './node-side.ts';
import { inWords, tell, World } from './world.ts';

jest.setTimeout(600_000);

/** Longer than 180 s without a handshake, on a busy machine. */
const OFFLINE_LIMIT_MS = 300_000;
/** Two tries that each wait out their limits, with what lies between; or the longest wait between two tries. */
const TRIES_LIMIT_MS = 180_000;

const HOSTILE: Record<string, Misbehaviour> = {
  endless: { kind: 'endless' },
  'huge-word': { kind: 'huge-word' },
  'bad-length': { kind: 'bad-length' },
  silent: { kind: 'silent' },
  stall: { kind: 'stall' },
  cut: { kind: 'cut' },
  garbage: { kind: 'garbage' },
  'early-endless': { kind: 'endless', beforeLogin: true },
  'early-silent': { kind: 'silent', beforeLogin: true },
  'early-garbage': { kind: 'garbage', beforeLogin: true },
};
const hostile = Object.keys(HOSTILE).map((name) => `shed/${name}`);

let world: World;
let unplugged: SimulatedRouter;
/** Done while the other tests run: nobody is looked at for 180 s. */
let offline: Promise<{ afterMs: number }>;
const shed = new Map<string, SimulatedRouter>();

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme', 'shed'] });
  unplugged = await world.bringOnline('acme/unplugged', '7.16.2');
  await unplugged.powerOff();
  const began = performance.now();
  offline = world.untilPhase('acme/unplugged', 'Offline', OFFLINE_LIMIT_MS).then(() => ({
    afterMs: performance.now() - began,
  }));
  // Awaited by the last test.
  offline.catch(() => undefined);
}, 120_000);
afterAll(() => world?.stop());

describe('routers whose API is broken or hostile', () => {
  test('are connected, and each has a condition that says what is wrong and what to do', async () => {
    await Promise.all(
      hostile.map(async (key) => {
        const machine = await world.plugIn(key, '7.16.2');
        shed.set(key, machine);
        machine.misbehave(HOSTILE[key.replace('shed/', '')]);
        await world.apply(key);
        await world.paste(key, machine);
      }),
    );
    await Promise.all(
      hostile.map((key) =>
        world.until(
          key,
          'has a condition',
          () => world.condition(key, 'Configured')?.status === 'False',
          TRIES_LIMIT_MS,
        ),
      ),
    );
    for (const key of hostile) {
      const { reason = '', message = '' } = world.condition(key, 'Configured') ?? {};
      tell(`${key}: ${reason}`);
      expect([key, reason]).toEqual([
        key,
        expect.stringMatching(/^(RouterUnreachable|ConfigurationFailed)$/),
      ]);
      expect(message).toMatch(/^The router .*(paste the script once more|tried again|look on the router)/s);
      expect(message.length).toBeLessThan(1024);
      expect(world.router(key).status?.phase).toBe('Configuring');
      expect(world.condition(key, 'Connected')?.status).toBe('True');
      expect(world.condition(key, 'Ready')).toMatchObject({ status: 'False', reason });
      await world.untilEvent(key, 'ConfigurationFailed');
    }
  });

  test('hold up nobody: an honest one of their tunnel is Online at once', async () => {
    await world.bringOnline('shed/honest', '7.18.2');
    tell(`beside ${hostile.length} hostile ones: ${inWords(world.times('shed/honest'))}`);
    for (const key of hostile) expect(world.router(key).status?.phase).toBe('Configuring');
  });

  test('cost the agent no memory worth speaking of', async () => {
    const metrics = await world.system.metrics('agent');
    const resident = Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
    tell(`agent: ${Math.round(resident / 2 ** 20)} MiB resident`);
    expect(resident).toBeLessThan(512 * 2 ** 20);
  });

  test('are Online by themselves once they answer properly', async () => {
    for (const machine of shed.values()) machine.misbehave(undefined);
    await Promise.all(hostile.map((key) => world.untilPhase(key, 'Online', TRIES_LIMIT_MS)));
    for (const key of hostile) expect(world.condition(key, 'Ready')?.status).toBe('True');
  });
});

describe('a router that refuses the log-in', () => {
  test('says so with what to do, and a fresh script mends it', async () => {
    const key = 'acme/locked';
    const machine = await world.bringOnline(key, '7.12.2');
    await world.untilUsed(key);
    machine.os.execute({
      menu: '/user',
      command: 'set',
      attributes: { numbers: 'tenant-tunnel', password: 'changed by the customer' },
      user: 'admin',
    });
    // Something to configure, so that the router is logged in to again.
    await world.change(key, { identity: 'locked-out' });
    await world.until(
      key,
      'says LoginRefused',
      () => world.condition(key, 'Configured')?.reason === 'LoginRefused',
    );
    expect(world.condition(key, 'Configured')?.message).toMatch(
      /[Pp]aste the script once more .* spec\.script\.renew/,
    );
    expect(world.condition(key, 'Ready')).toMatchObject({ status: 'False', reason: 'LoginRefused' });
    expect(world.router(key).status?.phase).toBe('Configuring');
    await world.untilEvent(key, 'ConfigurationFailed');

    await world.renew(key, 'locked out');
    await world.paste(key, machine);
    await world.untilPhase(key, 'Online', TRIES_LIMIT_MS);
    expect(machine.os.rows('/system/identity')[0]?.name).toBe('locked-out');
    expect(world.condition(key, 'Ready')).toMatchObject({ status: 'True', reason: 'Online' });
  });
});

describe('a router without power', () => {
  const key = 'acme/unplugged';

  test('is Offline after 180 seconds without a handshake, and its tunnel counts it no more', async () => {
    const { afterMs } = await offline;
    tell(`power cut → Offline: ${Math.round(afterMs / 1000)} s`);
    expect(world.history.phases(key).slice(-2)).toEqual(['Online', 'Offline']);
    for (const type of ['Connected', 'Ready']) {
      expect(world.condition(key, type)).toMatchObject({ status: 'False', reason: 'HandshakeTimeout' });
    }
    const silentMs = Date.now() - Date.parse(world.router(key).status?.lastHandshakeTime ?? '');
    expect(silentMs).toBeGreaterThanOrEqual(180_000);
    await world.untilEvent(key, 'RouterOffline');
    await waitFor('the tunnel counts one of two', () => {
      const { total, connected, online } = world.tunnel('acme/acme').status?.routers ?? {};
      return total === 2 && connected === 1 && online === 1;
    });
  });

  test('keeps its peer, and is Online again with the power, with nothing pasted', async () => {
    const { publicKey = '', address } = world.router(key).status ?? {};
    const { interfaceName = '' } = world.tunnel('acme/acme').status ?? {};
    expect((await peersOnNode(world.system, interfaceName)).get(publicKey)).toBe(`${address}/32`);
    const began = performance.now();
    await unplugged.powerOn();
    await world.untilPhase(key, 'Online');
    tell(`power back → Online: ${Math.round(performance.now() - began)} ms`);
    expect(world.router(key).status).toMatchObject({ address, publicKey });
    await waitFor('all are counted', () => world.tunnel('acme/acme').status?.routers?.online === 2);
  });
});
