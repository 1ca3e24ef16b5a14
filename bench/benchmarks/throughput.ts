/** A stream through a tunnel of the sidecar's beside one through bare wireguard-go, on the same node between the same machines. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { generateKeyPair, publicKeyOf } from '../../src/wireguard/index.ts';
import { Gateway } from '../../test/dataplane/sidecar/gateway.ts';
import { Router } from '../../test/dataplane/sidecar/router.ts';
import { stateOf } from '../../test/dataplane/sidecar/tunnel-state.ts';
import { median } from '../percentile.ts';
import type { Metrics } from '../results.ts';
import { withoutSessionGroups } from '../session-groups.ts';

const PORT = 9000;
const BARE_PORT = 51_999;
const MTU = 1420;

/** Sends for so many seconds to whoever says "send", and else takes what comes; whoever receives counts. */
const far = `require('net').createServer((socket) => {
  let [bytes, began] = [0, 0];
  socket.on('error', () => {});
  socket.once('data', (first) => {
    const [what, seconds] = String(first.subarray(0, 8)).split(' ');
    if (what === 'send') {
      const chunk = Buffer.alloc(1 << 16);
      const end = performance.now() + seconds * 1000;
      const more = () => { while (performance.now() < end) if (!socket.write(chunk)) return; socket.end(); };
      socket.on('drain', more);
      more();
      return;
    }
    began = performance.now();
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('end', () => socket.end(String(bytes * 8 / (performance.now() - began) / 1000)));
  });
}).listen(${PORT}, () => console.log('listening'));`;

/** Prints megabits a second. */
const near = (address: string, what: 'send' | 'take', seconds: number): string => `
const socket = require('net').connect(${PORT}, '${address}', () => {
  socket.write('${what} ${seconds}'.padEnd(8));
  let [bytes, began, said] = [0, 0, ''];
  if ('${what}' === 'send') {
    socket.on('data', (data) => { began ||= performance.now(); bytes += data.length; });
    socket.on('end', () => { console.log(bytes * 8 / (performance.now() - began) / 1000); process.exit(0); });
    return;
  }
  setTimeout(() => {
    const chunk = Buffer.alloc(1 << 16);
    const end = performance.now() + ${seconds * 1000};
    const more = () => { while (performance.now() < end) if (!socket.write(chunk)) return; socket.end(); };
    socket.on('drain', more);
    socket.on('data', (data) => { said += data; });
    socket.on('end', () => { console.log(said); process.exit(0); });
    more();
  }, 50);
});`;

export interface Throughput {
  rounds: number;
  /** Of one stream. */
  seconds: number;
}

/** In turn: bare, tunnel, bare, … to a router, from it, and from router to router by way of the server. */
export function throughput(options: Throughput, say: (line: string) => void): Promise<Metrics> {
  return withoutSessionGroups(() => measure(options, say));
}

async function measure({ rounds, seconds }: Throughput, say: (line: string) => void): Promise<Metrics> {
  const gateway = await Gateway.create();
  try {
    const routers = [
      await Router.create(gateway, 'router-1', '10.100.1.1'),
      await Router.create(gateway, 'router-2', '10.100.1.2'),
    ] as const;
    await setUpTunnel(gateway, routers);
    await setUpBare(gateway, routers);
    for (const { node } of routers) {
      const listener = node.spawn(process.execPath, ['-e', far], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(createInterface({ input: listener.stdout as NodeJS.ReadableStream }), 'line');
    }
    const [first] = routers;
    const fromServer = (program: string, isBare: boolean): Promise<string> =>
      isBare
        ? gateway.node.exec(process.execPath, ['-e', program])
        : gateway.inTunnel('wg0', process.execPath, '-e', program);
    const fromRouter = (program: string): Promise<string> =>
      first.node.exec(process.execPath, ['-e', program]);
    const ways = {
      toRouter: (net: string, isBare: boolean) => fromServer(near(`${net}.1.1`, 'take', seconds), isBare),
      fromRouter: (net: string, isBare: boolean) => fromServer(near(`${net}.1.1`, 'send', seconds), isBare),
      routerToRouter: (net: string) => fromRouter(near(`${net}.1.2`, 'take', seconds)),
    };
    const metrics: Metrics = { rounds, secondsEach: seconds, mtu: MTU };
    for (const [way, run] of Object.entries(ways)) {
      const bare: number[] = [];
      const tunnel: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        bare.push(Number(await run('10.200', true)));
        tunnel.push(Number(await run('10.100', false)));
        say(`${way}: bare ${bare.at(-1)?.toFixed(0)}, tunnel ${tunnel.at(-1)?.toFixed(0)} Mbit/s`);
      }
      metrics[way] = {
        bareMbitPerSecond: bare,
        tunnelMbitPerSecond: tunnel,
        medianBareMbitPerSecond: median(bare),
        medianTunnelMbitPerSecond: median(tunnel),
        ratio: median(tunnel) / median(bare),
      };
    }
    return metrics;
  } finally {
    await gateway.destroy();
  }
}

async function setUpTunnel(gateway: Gateway, routers: readonly Router[]): Promise<void> {
  const state = stateOf(0, { peers: routers.map(({ peer }) => peer), mtu: MTU });
  await gateway.client.put(state);
  for (const router of routers) {
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.node.exec('wg', [
      ...['set', 'rt0', 'peer', publicKeyOf(state.privateKey), 'allowed-ips', '10.100.0.0/16'],
    ]);
    await router.awaitReach('10.100.0.1');
  }
}

/** The same by hand, in the node's own network and without a rule. */
async function setUpBare({ node }: Gateway, routers: readonly Router[]): Promise<void> {
  const server = generateKeyPair();
  const configure = async (where: Router['node'], name: string, address: string, text: string) => {
    await where.exec('wireguard-go', [name]);
    await where.exec(
      'sh',
      ['-c', `cat > /run/netns/${name}.conf && wg setconf ${name} /run/netns/${name}.conf`],
      text,
    );
    await where.exec('ip', ['addr', 'add', `${address}/16`, 'dev', name]);
    await where.exec('ip', ['link', 'set', name, 'mtu', String(MTU), 'up']);
  };
  const peers: string[] = [];
  for (const [index, router] of routers.entries()) {
    const keys = generateKeyPair();
    const address = `10.200.1.${index + 1}`;
    peers.push(`[Peer]\nPublicKey = ${keys.publicKey}\nAllowedIPs = ${address}/32\n`);
    const peer = [
      `[Peer]\nPublicKey = ${server.publicKey}\nEndpoint = ${node.address}:${BARE_PORT}`,
      'AllowedIPs = 10.200.0.0/16\nPersistentKeepalive = 1\n',
    ].join('\n');
    await configure(router.node, 'rt1', address, `[Interface]\nPrivateKey = ${keys.privateKey}\n${peer}`);
  }
  const own = `[Interface]\nPrivateKey = ${server.privateKey}\nListenPort = ${BARE_PORT}\n`;
  await configure(node, 'bare0', '10.200.0.1', `${own}${peers.join('')}`);
  await node.exec('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  for (const router of routers) await router.awaitReach('10.200.0.1');
}
