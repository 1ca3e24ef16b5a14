import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { renderRecord } from '../../../src/wireguard/endpoints/record.ts';
import {
  generateKeyPair,
  generatePresharedKey,
  publicKeyOf,
  type TunnelState,
} from '../../../src/wireguard/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from './dataplane.ts';
import type { Pod } from './pod.ts';
import { Router } from './router.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

const wallSeconds = (): number => Math.floor(Date.now() / 1000);

dataplane(`sidecars that take turns on a node${leftOut}`, () => {
  let site: Site;
  let router: Router;
  let state: TunnelState;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    site = await Site.create();
    router = await Router.create(site, 'router', '10.100.1.1', { behindNat: true });
    const presharedKey = generatePresharedKey();
    const stranger = { publicKey: generateKeyPair().publicKey, allowedIPs: ['10.100.1.2/32'], presharedKey };
    state = stateOf(0, { peers: [router.peer, stranger] });
  });
  afterEach(() => site.clear());
  afterAll(() => site?.destroy());

  const record = () => site.node.exec('cat', [`${site.stateDir}/endpoints/wg0.json`]).catch(() => '');

  /** What an agent does all the time. */
  async function observe(pod: Pod): Promise<void> {
    for await (const _ of pod.client.observe('wg0')) {
      // It is enough that it went by.
    }
  }

  /** A tunnel with a router in it that has spoken, and from now on waits until the server does. */
  async function connect(pod: Pod): Promise<void> {
    await pod.client.put(state);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');
    await router.fallSilent();
    await observe(pod);
    await waitFor('it is written down', async () => (await record()).includes(router.keys.publicKey), 5000);
  }

  /** Puts the tunnel again, and waits until its router has heard of the server, without having sent anything. */
  async function expectSpokenTo(pod: Pod): Promise<void> {
    const before = await router.lastHandshake();
    // Handshakes are told in seconds.
    while (wallSeconds() <= before) await sleep(20);
    const { changes } = await pod.client.put(state);
    expect(changes).toContain(`restored the endpoint of peer ${router.keys.publicKey}`);
    await waitFor('the router hears', async () => (await router.lastHandshake()) > before, 2000);
    expect(await router.reaches('10.100.0.1')).toBe(true);
    expect(await pod.client.put(state)).toEqual({ changes: [] });
  }

  test('the second stands by, says so, and refuses all else', async () => {
    const pod = await site.start();
    await pod.client.put(state);
    const standby = await site.start();
    expect(await standby.client.version()).toEqual({
      protocol: 1,
      state: 'standby',
      implementation: null,
      problem: null,
      lost: 0,
    });
    const refused = { code: 'Standby', message: expect.stringMatching(/^[^.]+\.$/) };
    await expect(standby.client.put(state)).rejects.toMatchObject(refused);
    await expect(standby.client.remove('wg0')).rejects.toMatchObject(refused);
    await expect(standby.client.list()).rejects.toMatchObject(refused);
    await expect(standby.client.show('wg0')).rejects.toMatchObject(refused);
    await expect(standby.client.observe('wg0').next()).rejects.toMatchObject(refused);
    await expect(standby.client.connect('wg0', '10.100.1.1', 8728)).rejects.toMatchObject(refused);
    await expect(standby.client.patchPeers('wg0', { set: [], remove: [] })).rejects.toMatchObject(refused);
    expect(await pod.client.put(state)).toEqual({ changes: [] });

    // Who only waits leaves nothing behind, and nobody is let in by its end.
    expect(await standby.end('SIGTERM')).toBe(0);
    expect(await site.left()).toContain('node.lock');
    expect((await (await site.start()).client.version()).state).toBe('standby');
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s the next one has the node, and speaks first to a router behind NAT',
    async (signal) => {
      const pod = await site.start();
      const standby = await site.start();
      await connect(pod);
      const code = await pod.end(signal);
      expect(code === 0).toBe(signal === 'SIGTERM');
      expect(await standby.active()).toMatchObject({ implementation: expect.any(String), problem: null });
      expect(await standby.client.list()).toMatchObject({ tunnels: [{ interfaceName: 'wg0' }] });
      await expectSpokenTo(standby);

      // Whoever comes next finds it the same way.
      const third = await site.start();
      expect((await third.client.version()).state).toBe('standby');
      await standby.end(signal);
      await third.active();
      await expectSpokenTo(third);
    },
  );

  test('of two that stand by one takes over', async () => {
    const pod = await site.start();
    const waiting = [await site.start(), await site.start()];
    await pod.end('SIGKILL');
    const states = () => Promise.all(waiting.map(async ({ client }) => (await client.version()).state));
    await waitFor('one has it', async () => (await states()).includes('active'), 5000);
    await sleep(200);
    expect((await states()).toSorted()).toEqual(['active', 'standby']);
  });

  test('without a record a router has to speak first', async () => {
    const pod = await site.start();
    await connect(pod);
    await pod.end('SIGKILL');
    await site.node.exec('rm', ['-r', `${site.stateDir}/endpoints`]);
    const next = await site.start();
    const before = await router.lastHandshake();
    expect((await next.client.put(state)).changes.join()).not.toContain('endpoint');
    await sleep(3000);
    expect(await router.lastHandshake()).toBe(before);
  });

  test('after the node itself has failed routers are spoken to first as well', async () => {
    const pod = await site.start();
    await connect(pod);
    await pod.end('SIGKILL');
    await site.node.exec('ip', ['netns', 'del', 'tto-wg0']);
    const next = await site.start();
    // Longer than it takes until it looks through the records.
    await sleep(1500);
    await expectSpokenTo(next);
  });

  test('an interface that was left without its keys is told what is known, too', async () => {
    const pod = await site.start();
    await connect(pod);
    await pod.end('SIGKILL');
    const next = await site.start();
    await next.exec('wireguard-go', ['wg0']);
    await next.exec('ip', ['link', 'set', 'wg0', 'netns', 'tto-wg0']);
    await expectSpokenTo(next);
    expect(next.messages('info').join()).not.toContain('made the interface');
  });

  test('of a wireguard-go that is killed the tunnel is to be put again, with what it knew', async () => {
    const pod = await site.start();
    await connect(pod);
    const [wireguard = 0, ...others] = pod.wireguards;
    expect(others).toEqual([]);
    process.kill(wireguard, 'SIGKILL');
    await waitFor('it notices', () => pod.messages('warn').length > 0, 2000);
    expect(pod.messages('warn')).toEqual([
      'wireguard-go has ended by itself; the tunnel is to be put again.',
    ]);
    expect((await pod.client.version()).lost).toBe(1);
    const gone = { code: 'UnknownTunnel' };
    await expect(observe(pod)).rejects.toMatchObject(gone);
    const change = { set: [], remove: [router.keys.publicKey] };
    await expect(pod.client.patchPeers('wg0', change)).rejects.toMatchObject(gone);
    await expectSpokenTo(pod);
  });

  test('no key but public ones is in the state folder', async () => {
    const pod = await site.start();
    await connect(pod);
    const standby = await site.start();
    await pod.end('SIGTERM');
    await standby.active();
    await standby.client.put(state);
    await standby.end('SIGKILL');
    const text = await site.node.exec('grep', ['-r', '', site.stateDir]);
    expect(text).toContain(router.keys.publicKey);
    const secrets = [state.privateKey, router.keys.privateKey, state.peers[1]?.presharedKey ?? ''];
    for (const secret of secrets) {
      expect(secret).toHaveLength(44);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret, 'base64').toString('hex'));
      expect(pod.log + standby.log).not.toContain(secret);
    }
  });

  test('a tunnel that is removed leaves no record, and the last sidecar nothing at all', async () => {
    const pod = await site.start();
    await connect(pod);
    expect(await site.left()).toEqual(['endpoints', 'endpoints/wg0.json', 'node.lock']);
    await pod.client.remove('wg0');
    expect(await site.left()).toEqual(['node.lock']);
    // Longer than a round.
    await sleep(1200);
    expect(await pod.end('SIGTERM')).toBe(0);
    expect(await site.left()).toEqual([]);
    expect(await site.node.exec('ss', ['-lunH'])).not.toContain(':51820');
    expect(await site.node.exec('ip', ['-o', 'link'])).not.toMatch(/wg\d|tto-/);
  });

  test('a tunnel that is removed while somebody slowly reads of its 20,000 peers leaves no record either', async () => {
    const keys = Array.from({ length: 20_000 }, (_, number) => {
      const key = Buffer.alloc(32, 9);
      key.writeUInt32BE(number, 0);
      return key.toString('base64');
    });
    const peers = new Map(keys.map((key) => [key, { endpoint: '203.0.113.250:1', lastHandshake: 0 }]));
    await site.node.exec('mkdir', ['-p', `${site.stateDir}/endpoints`]);
    const path = `${site.stateDir}/endpoints/wg0.json`;
    await site.node.exec('sh', ['-c', `cat > ${path}`], renderRecord({ writtenAt: wallSeconds(), peers }));
    const pod = await site.start();
    const allowedIPs = (number: number) => [`10.100.${1 + (number >> 8)}.${number & 255}/32`];
    const many = keys.map((publicKey, number) => ({ publicKey, allowedIPs: allowedIPs(number) }));
    const { changes } = await pod.client.put({ ...state, peers: many });
    expect(changes).toContain('restored the endpoint of 20000 peers');

    const reading = pod.client.observe('wg0');
    expect((await reading.next()).value).toMatchObject({ endpoint: '203.0.113.250:1' });
    await pod.client.remove('wg0');
    let read = 0;
    const drain = async () => {
      for await (const _ of reading) read += 1;
    };
    await drain().catch(() => undefined);
    expect(read).toBeGreaterThan(100);
    await sleep(1200);
    expect(await site.left()).toEqual(['node.lock']);
  });

  test('what is under way when one ends, the next one makes right', async () => {
    let pod = await site.start();
    for (let round = 0; round < 10; round += 1) {
      const next = await site.start();
      const changes = [0, 1, 2].map((index) => {
        const other = { ...state, interfaceName: `wg${index}`, listenPort: 51_820 + index };
        return round % 3 === 2 ? pod.client.remove(`wg${index}`) : pod.client.put(other);
      });
      const outcomes = Promise.allSettled(changes);
      await sleep(Math.random() * 150);
      await pod.end(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected')
          expect(['Stopping', 'Unreachable']).toContain((outcome.reason as { code?: string }).code);
      }
      await next.active();
      await next.client.put(state);
      expect(await next.client.put(state)).toEqual({ changes: [] });
      expect(await site.node.exec('ss', ['-lunH'])).toContain(':51820');
      await Promise.all([next.client.remove('wg1'), next.client.remove('wg2')]);
      pod = next;
    }
  });
});
