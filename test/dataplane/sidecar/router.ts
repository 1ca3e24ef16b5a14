import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPair, type KeyPair, type Peer } from '../../../src/wireguard/index.ts';
import type { RouterClock } from '../../simulator/machine/index.ts';
import { CLOCK_VARIABLE } from '../../testbed/clocked-wireguard.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import type { Gateway } from './gateway.ts';

/** The server's side of a tunnel, as a router needs it. */
export interface Server {
  publicKey: string;
  listenPort: number;
}

/** What has a gateway's node. */
export type Place = Pick<Gateway, 'network' | 'node'>;

const LIMIT_MS = 20_000;

/** A peer made by hand: plain wireguard-go on a machine of its own. */
export class Router {
  readonly node: TestNode;
  readonly keys: KeyPair;
  readonly address: string;
  readonly #gateway: Place;

  private constructor(gateway: Place, node: TestNode, address: string) {
    this.#gateway = gateway;
    this.node = node;
    this.keys = generateKeyPair();
    this.address = address;
  }

  static async create(
    gateway: Place,
    name: string,
    address: string,
    { behindNat = false } = {},
  ): Promise<Router> {
    const { network } = gateway;
    const attach = (hostName: string) =>
      behindNat ? network.attachBehindNat(hostName) : network.attach(hostName);
    const router = new Router(gateway, await createNode(network, name, attach), address);
    await router.#powerOn();
    return router;
  }

  /** Forgets all but its keys; with a clock from then on that is wrong, until it joins somewhere it says nothing. */
  async reboot(clock?: RouterClock): Promise<void> {
    await this.node.exec('ip', ['link', 'del', 'rt0']);
    await this.#powerOn(clock);
  }

  async #powerOn(clock?: RouterClock): Promise<void> {
    const variables = clock === undefined ? [] : [`${CLOCK_VARIABLE}=${clock.offsetMs}ms`];
    // The name falls free a moment after the interface has gone.
    const start = 'for i in 1 2 3 4 5 6 7 8 9; do "$0" rt0 && exit; sleep 0.2; done; exit 1';
    const program = clock?.program ?? 'wireguard-go';
    await this.node.exec('env', [...variables, 'sh', '-c', start, program]);
    await this.node.exec('ip', ['addr', 'add', `${this.address}/16`, 'dev', 'rt0']);
    await this.node.exec('ip', ['link', 'set', 'rt0', 'mtu', '1420', 'up']);
  }

  get peer(): Peer {
    return { publicKey: this.keys.publicKey, allowedIPs: [`${this.address}/32`] };
  }

  /**
   * Points the router to a server; everything may come from there.
   *
   * @param host of the server, IPv6 in brackets; default: the gateway's address on the test network
   */
  async join({ publicKey, listenPort }: Server, host = this.#gateway.node.address): Promise<void> {
    const peer = [
      `[Interface]\nPrivateKey = ${this.keys.privateKey}\n[Peer]\nPublicKey = ${publicKey}`,
      `Endpoint = ${host}:${listenPort}\nAllowedIPs = 0.0.0.0/0\nPersistentKeepalive = 1\n`,
    ].join('\n');
    await this.node.exec('nft', ['-f', '-'], 'table ip silent\ndelete table ip silent\n');
    await this.node.exec(
      'sh',
      ['-c', 'cat > /run/netns/rt0.conf && wg setconf rt0 /run/netns/rt0.conf'],
      peer,
    );
  }

  /** Until it joins again it answers and begins nothing: no keepalive, and no handshake of its own leaves it. */
  async fallSilent(): Promise<void> {
    const peer = (await this.node.exec('wg', ['show', 'rt0', 'peers'])).trim();
    await this.node.exec('wg', ['set', 'rt0', 'peer', peer, 'persistent-keepalive', 'off']);
    // The first byte of a handshake that begins is 1 (WireGuard's paper, §5.4.2).
    const rules = 'chain output { type filter hook output priority 0; udp length 156 @th,64,8 1 drop; }';
    await this.node.exec('nft', ['-f', '-'], `table ip silent { ${rules}; }\n`);
  }

  /** Unix seconds of its last handshake, 0 where there was none. */
  async lastHandshake(): Promise<number> {
    return Number((await this.node.exec('wg', ['show', 'rt0', 'latest-handshakes'])).split('\t')[1]);
  }

  /** Whether one ping of several comes back. */
  async reaches(address: string, tries = 3): Promise<boolean> {
    const args = ['-q', '-c', String(tries), '-i', '0.2', '-W', '1', address];
    return this.node.exec('ping', args).then(
      () => true,
      () => false,
    );
  }

  /** Waits until an address answers. */
  async awaitReach(address: string): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!(await this.reaches(address, 1))) {
      if (performance.now() > end) throw new Error(`${address} does not answer ${this.address}.`);
    }
  }

  /** Pings without end until it is stopped; tells then which sequence numbers were sent and not answered. */
  pinging(address: string): { stop: () => Promise<{ received: number; lost: number[] }> } {
    const ping: ChildProcess = this.node.spawn('ping', ['-i', '0.02', address], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    ping.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    return {
      stop: async () => {
        const closed = once(ping, 'close');
        ping.kill('SIGINT');
        await closed;
        const seen = new Set([...output.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, number]) => Number(number)));
        const last = Math.max(0, ...seen);
        const lost = Array.from({ length: last }, (_, index) => index + 1).filter(
          (number) => !seen.has(number),
        );
        return { received: seen.size, lost };
      },
    };
  }
}
