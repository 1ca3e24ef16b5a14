/** Tunnels of a class with subnetAssignment Equal, on one node: the same subnet, server address and router address. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';
import { stateOf } from './tunnel-state.ts';

const ADDRESS = '10.100.1.1';
const listenerSaying = (name: string) =>
  `require('net').createServer((socket) => socket.end('${name}')).listen(8728, () => console.log('listening'))`;

dataplane(`tunnels with equal subnets on one node${leftOut}`, () => {
  let gateway: Gateway;
  const routers: Router[] = [];
  const states: TunnelState[] = [];
  jest.setTimeout(120_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
    for (const index of [0, 1, 2]) {
      const router = await Router.create(gateway, `router-${index}`, ADDRESS);
      const state = stateOf(index, { peers: [router.peer] });
      routers.push(router);
      states.push(state);
      const program = ['-e', listenerSaying(`router ${index}`)];
      const listener = router.node.spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(listener.stdout as NodeJS.ReadableStream, 'data');
    }
    // At once, as an agent does that finds several new tunnels.
    await Promise.all(states.map((state) => gateway.client.put(state)));
    for (const [index, { privateKey, listenPort }] of states.entries()) {
      await routers[index]?.join({ publicKey: publicKeyOf(privateKey), listenPort });
    }
    await Promise.all(routers.map((router) => router.awaitReach('10.100.0.1')));
  });
  afterAll(() => gateway?.destroy());

  const answer = async (index: number): Promise<string> =>
    text(await gateway.client.connect(`wg${index}`, ADDRESS, 8728));

  test('a connection into a tunnel reaches the router of that tunnel, also when all are asked at once', async () => {
    const rounds = Array.from({ length: 30 }, (_, round) => round % 3);
    expect(await Promise.all(rounds.map(answer))).toEqual(rounds.map((index) => `router ${index}`));
  });

  test('each sees the handshakes of its own router alone', async () => {
    for (const [index, router] of routers.entries()) {
      const seen: string[] = [];
      for await (const { publicKey, lastHandshake } of gateway.client.observe(`wg${index}`))
        if (lastHandshake > 0) seen.push(publicKey);
      expect(seen).toEqual([router.keys.publicKey]);
    }
  });

  test('each has a second time nothing to change, and one goes without the others', async () => {
    for (const state of states) expect(await gateway.client.put(state)).toEqual({ changes: [] });
    await gateway.client.remove('wg1');
    await expect(answer(1)).rejects.toMatchObject({ code: 'UnknownTunnel' });
    expect(await Promise.all([answer(0), answer(2)])).toEqual(['router 0', 'router 2']);
    expect(await routers[1]?.reaches('10.100.0.1', 1)).toBe(false);
    await gateway.client.put(states[1] as TunnelState);
    await routers[1]?.awaitReach('10.100.0.1');
    expect(await answer(1)).toBe('router 1');
  });

  test('a /28 beside them works as any other', async () => {
    const router = await Router.create(gateway, 'router-small', '10.9.0.18');
    const state = stateOf(3, { addresses: ['10.9.0.17/28'], peers: [router.peer] });
    await gateway.client.put(state);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.9.0.17');
    expect(await gateway.inTunnel('wg3', 'ip', 'route')).toContain('10.9.0.16/28 dev wg3');
    await expect(gateway.client.connect('wg3', '10.9.0.33', 8728)).rejects.toMatchObject({
      code: 'AddressOutside',
    });
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
  });
});
