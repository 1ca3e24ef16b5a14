/** Tunnels whose packets travel over IPv6: a router without IPv4 internet, a gateway with an address of both kinds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type PeerObservation, publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { dataplane, leftOut } from './dataplane.ts';
import type { Pod } from './pod.ts';
import { Router } from './router.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

const GATEWAY = '2001:db8::1';
const ROUTER = '2001:db8::7';
const MOVED = '2001:db8::8';
const SERVER = '10.100.0.1';

const wallSeconds = (): number => Math.floor(Date.now() / 1000);

dataplane(`a router that reaches its gateway by IPv6 alone${leftOut}`, () => {
  let site: Site;
  let router: Router;
  let state: TunnelState;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    site = await Site.create();
    // One Ethernet, so no router is needed; `nodad`: usable at once (RFC 4862, duplicate address detection).
    await site.node.exec('ip', ['-6', 'addr', 'add', `${GATEWAY}/64`, 'dev', 'ether1', 'nodad']);
    router = await Router.create(site, 'router', '10.100.1.1');
    await router.node.exec('ip', ['-6', 'addr', 'add', `${ROUTER}/64`, 'dev', 'ether1', 'nodad']);
    await router.node.exec('ip', ['-4', 'addr', 'flush', 'dev', 'ether1']);
    state = stateOf(0, { peers: [router.peer] });
  });
  afterEach(() => site.clear());
  afterAll(() => site?.destroy());

  async function observed(pod: Pod): Promise<PeerObservation | undefined> {
    for await (const one of pod.client.observe('wg0'))
      if (one.publicKey === router.keys.publicKey) return one;
    return undefined;
  }

  async function connect(pod: Pod): Promise<void> {
    await pod.client.put(state);
    const server = { publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort };
    await router.join(server, `[${GATEWAY}]`);
    await router.awaitReach(SERVER);
  }

  test('connects, and is observed with its address in brackets', async () => {
    const pod = await site.start();
    await connect(pod);
    const seen = await observed(pod);
    expect(seen?.endpoint).toMatch(/^\[2001:db8::7\]:\d+$/);
    expect(seen?.lastHandshake).toBeGreaterThan(0);
    // The port is the tunnel's, also for the other family: nothing else may take it.
    expect(await pod.client.put(state)).toEqual({ changes: [] });
    expect(await pod.client.show('wg0')).toContain('endpoint: [2001:db8::7]:');
    // Inside there is no IPv6: not even the addresses that Linux gives each link.
    expect(await site.node.exec('nsenter', ['--net=/run/netns/tto-wg0', 'ip', '-6', 'addr'])).toBe('');
  });

  test('gets another address and stays connected', async () => {
    const pod = await site.start();
    await connect(pod);
    await router.node.exec('ip', ['-6', 'addr', 'add', `${MOVED}/64`, 'dev', 'ether1', 'nodad']);
    await router.node.exec('ip', ['-6', 'addr', 'del', `${ROUTER}/64`, 'dev', 'ether1']);
    await router.awaitReach(SERVER);
    await waitFor('the new address is seen', async () =>
      ((await observed(pod))?.endpoint ?? '').startsWith(`[${MOVED}]:`),
    );
    await router.node.exec('ip', ['-6', 'addr', 'add', `${ROUTER}/64`, 'dev', 'ether1', 'nodad']);
    await router.node.exec('ip', ['-6', 'addr', 'del', `${MOVED}/64`, 'dev', 'ether1']);
  });

  test('is written down, and spoken to first by the next sidecar', async () => {
    const pod = await site.start();
    await connect(pod);
    await router.fallSilent();
    await observed(pod);
    const record = () => site.node.exec('cat', [`${site.stateDir}/endpoints/wg0.json`]).catch(() => '');
    await waitFor('it is written down', async () => /"\[2001:db8::7\]:\d+"/.test(await record()), 5000);
    await pod.end('SIGKILL');
    const next = await site.start();
    await next.active();
    const before = await router.lastHandshake();
    // Handshakes are told in seconds.
    while (wallSeconds() <= before) await sleep(20);
    const { changes } = await next.client.put(state);
    expect(changes).toContain(`restored the endpoint of peer ${router.keys.publicKey}`);
    await waitFor('the router hears', async () => (await router.lastHandshake()) > before, 2000);
    expect(await router.reaches(SERVER)).toBe(true);
  });

  test('and one of IPv4 are in one tunnel, and reach each other', async () => {
    const other = await Router.create(site, 'other', '10.100.1.2', { behindNat: true });
    state = stateOf(0, { privateKey: state.privateKey, peers: [router.peer, other.peer] });
    const pod = await site.start();
    await connect(pod);
    await other.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await other.awaitReach(SERVER);
    await router.awaitReach('10.100.1.2');
    const endpoints: string[] = [];
    for await (const { endpoint } of pod.client.observe('wg0')) endpoints.push(endpoint ?? '');
    expect(endpoints.sort()).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+\.\d+:\d+$/),
      expect.stringMatching(/^\[2001:db8::7\]:\d+$/),
    ]);
  });
});
