import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';
import { stateOf } from './tunnel-state.ts';

const SERVER = '10.100.0.1';

dataplane(`the word that a node's tunnels speak by${leftOut}`, () => {
  let gateway: Gateway;
  let router: Router;
  let state: TunnelState;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
    router = await Router.create(gateway, 'router', '10.100.1.1', { behindNat: true });
    state = stateOf(0, { peers: [router.peer] });
    await gateway.client.put(state);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach(SERVER);
  });
  afterAll(() => gateway?.destroy());
  beforeEach(async () => {
    await gateway.client.hold({ seconds: null, fenced: [] });
    await router.awaitReach(SERVER);
  });

  const table = (): Promise<string> =>
    gateway.node.exec('sh', ['-c', 'nft list table inet tenant_tunnel_hold 2>&1 || true']);
  const speak = (seconds: number, fenced: string[] = []): Promise<void> =>
    gateway.client.hold({ seconds, fenced });

  test('nothing is there before somebody asks for it', async () => {
    expect(await table()).toContain('No such file');
  });

  test('it runs out, nothing passes either way, and a word more takes it up with the same session', async () => {
    await speak(60);
    expect(await router.reaches(SERVER)).toBe(true);
    const session = await router.lastHandshake();
    await speak(0.5);
    await sleep(700);
    expect(await router.reaches(SERVER)).toBe(false);
    const ping = ['ping', '-q', '-c', '2', '-i', '0.2', '-W', '1', router.address] as const;
    await expect(gateway.inTunnel('wg0', ...ping)).rejects.toThrow();
    await speak(60);
    expect(await router.reaches(SERVER, 1)).toBe(true);
    expect(await router.lastHandshake()).toBe(session);
  });

  test('it runs out when the sidecar is dead, and the next one takes it up', async () => {
    await speak(1);
    await gateway.end('SIGKILL');
    await sleep(1200);
    expect(await router.reaches(SERVER)).toBe(false);
    await gateway.start();
    // It knows no tunnel yet: the ports are those that the table has.
    await speak(60);
    expect(await router.reaches(SERVER)).toBe(true);
    expect(await table()).toContain('51820');
    await gateway.client.put(state);
  });

  test('a tunnel that is put does not prolong it', async () => {
    await speak(1);
    await sleep(600);
    await gateway.client.put(stateOf(1));
    await sleep(600);
    expect(await router.reaches(SERVER)).toBe(false);
    await gateway.client.remove('wg1');
  });

  test('one tunnel may be silent while others speak', async () => {
    await speak(60, ['wg1']);
    expect(await router.reaches(SERVER)).toBe(true);
    await speak(60, ['wg0']);
    expect(await router.reaches(SERVER)).toBe(false);
    await gateway.client.hold({ seconds: null, fenced: ['wg0'] });
    expect(await router.reaches(SERVER)).toBe(false);
  });

  test('a table that somebody deleted or changed is made anew', async () => {
    await speak(60);
    await gateway.node.exec('nft', ['delete', 'table', 'inet', 'tenant_tunnel_hold']);
    await speak(60);
    expect(await table()).toContain('51820');
  });

  test('the table goes with the last tunnel, and comes with the next; and goes with the word', async () => {
    await speak(60);
    await gateway.client.remove('wg0');
    expect(await table()).toContain('No such file');
    await gateway.client.put(state);
    expect(await table()).toContain('51820');
    await gateway.client.hold({ seconds: null, fenced: [] });
    expect(await table()).toContain('No such file');
  });

  test('what is no word is refused', async () => {
    for (const wrong of [
      { seconds: -1, fenced: [] },
      { seconds: 4000, fenced: [] },
      { seconds: 1, fenced: ['x'] },
      {},
    ]) {
      await expect(gateway.client.hold(wrong as never)).rejects.toMatchObject({ code: 'InvalidRequest' });
    }
  });
});
