/** A stream to or through a router never depends on the message that a packet was too big, which is filtered in many places. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { jest } from '@jest/globals';
import { publicKeyOf } from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { Gateway } from '../sidecar/gateway.ts';
import { Router } from '../sidecar/router.ts';
import { stateOf } from '../sidecar/tunnel-state.ts';

const BYTES = 1_000_000;
const PORT = 9000;
const address6 = ({ node }: Router): string => (node.name === 'router-a' ? 'fd12::101' : 'fd12::102');
/** Takes what comes, and says how much it was when the sender has ended. */
const SINK = `let sum = 0;
require('net').createServer((socket) => {
  socket.on('data', (data) => { sum += data.length; });
  socket.on('end', () => { socket.end(String(sum)); sum = 0; });
  socket.on('error', () => { sum = 0; });
}).listen(${PORT}, '::', () => console.log('listening'))`;
/** Ends with 0 when all of it has been taken, with 1 after a while. */
const source = (address: string): string => `
const socket = require('net').connect(${PORT}, '${address}', () => socket.end(Buffer.alloc(${BYTES})));
socket.on('data', (data) => process.exit(String(data) === '${BYTES}' ? 0 : 2));
setTimeout(() => process.exit(1), 5000)`;

dataplane(`segments through a tunnel${leftOut}`, () => {
  let gateway: Gateway;
  let a: Router;
  let b: Router;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
    a = await Router.create(gateway, 'router-a', '10.100.1.1');
    b = await Router.create(gateway, 'router-b', '10.100.1.2');
    // Both keep the MTU that they were set up with, 1420, while their tunnel's is lower now.
    const peers = [a, b].map((router) => ({
      ...router.peer,
      allowedIPs: [...router.peer.allowedIPs, `${address6(router)}/128`],
    }));
    const state = stateOf(0, { addresses: ['10.100.0.1/16', 'fd12::1/64'], peers, mtu: 1280 });
    await gateway.client.put(state);
    for (const router of [a, b]) {
      await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
      const server = publicKeyOf(state.privateKey);
      await router.node.exec('wg', ['set', 'rt0', 'peer', server, 'allowed-ips', '0.0.0.0/0,::/0']);
      await router.node.exec('ip', ['addr', 'add', `${address6(router)}/64`, 'dev', 'rt0', 'nodad']);
      await router.awaitReach('10.100.0.1');
      await router.awaitReach('fd12::1');
      const rules =
        'chain input { type filter hook input priority 0; icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }';
      await router.node.exec('nft', ['-f', '-'], `table inet deaf {\n${rules}\n}\n`);
      const sink = router.node.spawn(process.execPath, ['-e', SINK], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(createInterface({ input: sink.stdout as NodeJS.ReadableStream }), 'line');
    }
  });
  afterAll(() => gateway?.destroy());

  const streams = (from: Router, to: Router, address = to.address): Promise<boolean> =>
    from.node.exec(process.execPath, ['-e', source(address)]).then(
      () => true,
      () => false,
    );

  test('fit, though both routers have a larger MTU and hear of nothing', async () => {
    expect(await streams(a, b)).toBe(true);
    expect(await streams(b, a)).toBe(true);
  });

  test('fit in IPv6 as well, whose header is larger', async () => {
    expect(await streams(a, b, address6(b))).toBe(true);
    expect(await streams(b, a, address6(a))).toBe(true);
  });

  test('do not without that rule: the test can fail', async () => {
    const chain = ['chain', 'inet', 'tenant_tunnel', 'postrouting'];
    await gateway.inTunnel('wg0', 'nft', 'flush', ...chain);
    expect(await streams(a, b)).toBe(false);
    expect(await streams(a, b, address6(b))).toBe(false);
  });
});
