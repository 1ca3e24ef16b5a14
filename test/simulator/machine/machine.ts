import { isIPv4 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { flushConnections } from '../../testbed/conntrack.ts';
import { ipBatch, runInside } from '../../testbed/namespaces.ts';
import type { NetworkHost } from '../../testbed/network.ts';
import type { Change, Lease, RouterOs, Row, World } from '../engine/index.ts';
import { type ApiHost, ApiSession } from './api/session.ts';
import { Dataplane } from './linux/dataplane.ts';
import { seconds } from './linux/desired.ts';
import { isOn } from './linux/interfaces.ts';
import { Netwatch } from './netwatch.ts';
import { type PingRequest, ping } from './ping.ts';
import { Scheduler } from './scheduler.ts';
import { Services } from './services.ts';
import type { Misbehaviour } from './types.ts';

/** IPv6 only where an address of it is: with it, Linux would give each interface one that RouterOS does not show. */
const KERNEL_SETTINGS = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.disable_ipv6=1'];

/**
 * UDP connections are forgotten as RouterOS 7.10 does it, sooner than its manual says: a server that calls a silent
 * router then meets the firewall.
 */
const CONNECTION_SETTINGS = [
  'net.netfilter.nf_conntrack_udp_timeout=10',
  'net.netfilter.nf_conntrack_udp_timeout_stream=180',
];

/** Menus that Linux follows. */
const REALISED = /^\/(interface|ip|ipv6)(\/|$)/;

export interface MachineOptions {
  os: RouterOs;
  host: NetworkHost;
  /** The simulated DNS. */
  resolve: (host: string) => string | undefined;
}

/** The hardware: power, and everything in Linux that follows the configuration. */
export class Machine implements ApiHost {
  readonly os: RouterOs;
  readonly dataplane: Dataplane;
  misbehaviour: Misbehaviour | undefined;
  readonly #host: NetworkHost;
  readonly #resolve: MachineOptions['resolve'];
  readonly #services: Services;
  readonly #netwatch: Netwatch;
  readonly #scheduler: Scheduler;
  readonly #stopListening: () => void;
  #on = false;
  #wasOn = false;
  #power: Promise<void> = Promise.resolve();
  #dirty = false;
  #applying: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor({ os, host, resolve }: MachineOptions) {
    this.os = os;
    this.#host = host;
    this.#resolve = resolve;
    const { netns } = host;
    const rows = (menu: string) => this.#rows(menu);
    this.dataplane = new Dataplane({ netns, rows, resolve });
    this.#services = new Services({
      netns,
      rows,
      onApiClient: (socket) => new ApiSession(socket, this),
      onConnections: (connections) => os.observeConnections(connections),
    });
    this.#netwatch = new Netwatch({
      rows: () => rows('/tool/netwatch'),
      answers: async (host, timeoutMs, signal) => {
        const request = { address: host, count: 1, timeoutMs, intervalMs: 200 };
        return (await ping(netns, request, () => {}, signal)) > 0;
      },
      run: async (script, signal) => {
        await this.refresh();
        try {
          await os.netwatchTerminal().runScript(this.#world(signal), script);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      },
      observe: (id, status) => os.observeNetwatch(id, status),
    });
    this.#scheduler = new Scheduler({
      rows: () => rows('/system/scheduler'),
      run: async (script, policies, signal) => {
        await os.scheduledTerminal(policies).runScript(this.#world(signal), script);
      },
    });
    os.jobs.world = (signal) => this.#world(signal);
    this.#stopListening = os.onChange((change) => this.#changed(change));
  }

  get isOn(): boolean {
    return this.#on;
  }

  get saysEmpty(): boolean {
    const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(this.os.options.version) ?? [];
    return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 18);
  }

  powerOn(): Promise<void> {
    return this.#switch(() => this.#turnOn());
  }

  powerOff(): Promise<void> {
    return this.#switch(() => this.#turnOff());
  }

  /** One turn of the switch after the other. */
  #switch(turn: () => Promise<void>): Promise<void> {
    const turned = this.#power.then(turn);
    this.#power = turned.catch(() => {});
    return turned;
  }

  async #turnOn(): Promise<void> {
    if (this.#on) return;
    const { netns, gateway, address, prefixLength } = this.#host;
    await runInside(netns, 'sysctl', ['-q', '-w', ...KERNEL_SETTINGS]);
    if (this.#wasOn) flushConnections(netns);
    this.#wasOn = true;
    await ipBatch(netns, ['link set ether1 up', `route replace default via ${gateway} dev ether1`]);
    this.#on = true;
    this.os.restarted();
    this.observeUplink(true);
    this.#observeLease({ address: `${address}/${prefixLength}`, gateway });
    this.#kick();
    await this.settled();
    // Unknown where nothing follows connections, and then without meaning (-e).
    await runInside(netns, 'sysctl', ['-q', '-e', '-w', ...CONNECTION_SETTINGS]);
    this.#netwatch.start();
    this.#scheduler.start();
  }

  async #turnOff(): Promise<void> {
    if (!this.#on) return;
    this.#on = false;
    this.os.jobs.stopAll();
    this.#scheduler.stop();
    await this.#netwatch.stop();
    await this.#applying;
    // The cable goes first, so that no peer hears a farewell.
    await ipBatch(this.#host.netns, ['link set ether1 down']);
    await this.#services.clear();
    await this.dataplane.clear();
    this.observeUplink(false);
    this.#observeLease(undefined);
  }

  /** Whether the cable is in. */
  observeUplink(running: boolean): void {
    this.os.observeInterface(this.#uplinkName(), { running });
  }

  #observeLease(lease: Lease | undefined): void {
    const name = this.#uplinkName();
    const asked = this.#rows('/ip/dhcp-client').some((client) => client.interface === name && isOn(client));
    if (asked) this.os.observeLease(name, lease);
  }

  /** What the first port is called now. */
  #uplinkName(): string {
    const port = this.#rows('/interface/ethernet').find((row) => row['default-name'] === 'ether1');
    return port?.name ?? 'ether1';
  }

  /** For good. */
  async stop(): Promise<void> {
    this.#stopListening();
    await this.powerOff();
  }

  async paste(text: string): Promise<string> {
    if (!this.#on) throw new Error('The router is switched off.');
    const seen = await this.os.terminal().pasteInto(this.#world(), text);
    await this.settled();
    return seen;
  }

  async settled(): Promise<void> {
    while (this.#applying !== undefined) await this.#applying;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async refresh(): Promise<void> {
    if (!this.#on) return;
    const tunnels = await this.dataplane.observe();
    // Read after the last wait: what has gone meanwhile is not observed.
    const names = new Set(this.#rows('/interface').map(({ name }) => name));
    const rows = this.#rows('/interface/wireguard/peers');
    for (const { interfaceName, up, peers } of tunnels) {
      if (!names.has(interfaceName)) continue;
      this.os.observeInterface(interfaceName, { running: up });
      for (const peer of peers) {
        const row = rows.find(
          (one) => one.interface === interfaceName && one['public-key'] === peer.publicKey,
        );
        if (row === undefined) continue;
        const { lastHandshake, rx, tx } = peer;
        this.os.observePeer(row['.id'] ?? '', { lastHandshake, rx, tx, ...endpointOf(peer.endpoint) });
      }
    }
  }

  async ping(
    args: Readonly<Record<string, string>>,
    onReply: (row: Record<string, string>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const address = args.address ?? '';
    let sent = 0;
    let received = 0;
    const found = isIPv4(address) ? address : this.#resolve(address);
    if (found === undefined) return;
    await ping(
      this.#host.netns,
      { address: found, ...this.#from(args.interface, args['src-address']), ...pingTimes(args) },
      ({ sequence, timeMs, ttl }) => {
        sent = Math.max(sent, sequence);
        received += 1;
        onReply({
          seq: String(sequence - 1),
          host: found,
          size: args.size ?? '56',
          ttl: String(ttl),
          time: `${Math.floor(timeMs)}ms${Math.floor((timeMs % 1) * 1000)}us`,
          sent: String(sent),
          received: String(received),
          'packet-loss': String(Math.round((1 - received / sent) * 100)),
        });
      },
      signal,
    );
  }

  #rows(menu: string): readonly Row[] {
    try {
      return this.os.rows(menu);
    } catch (error) {
      // Menus that this version or board lacks hold nothing.
      if (error instanceof RangeError) return [];
      throw error;
    }
  }

  #changed(change: Change): void {
    if (change.kind === 'reboot') this.#restart().catch((error: Error) => this.#fail(error));
    else if (change.kind === 'shutdown') this.powerOff().catch((error: Error) => this.#fail(error));
    else if ('id' in change && !change.dynamic && REALISED.test(change.menu)) this.#kick();
  }

  async #restart(): Promise<void> {
    // The answer to the command goes out first.
    await sleep(50);
    await this.powerOff();
    await this.powerOn();
  }

  /** Follows the configuration, once for all changes of one moment. */
  #kick(): void {
    this.#dirty = true;
    if (!this.#on || this.#applying !== undefined) return;
    this.#applying = this.#follow().finally(() => {
      this.#applying = undefined;
    });
  }

  async #follow(): Promise<void> {
    await Promise.resolve();
    while (this.#dirty && this.#on) {
      this.#dirty = false;
      try {
        // In the order in which a script makes them real: who may log in, then the way there.
        await this.#services.apply();
        await this.dataplane.apply();
        this.#failure = undefined;
      } catch (error) {
        this.#fail(error as Error);
      }
    }
  }

  /** Thrown by whoever waits next, and said at once in case nobody does. */
  #fail(error: Error): void {
    this.#failure = error;
    process.emitWarning(`${this.#host.name}: ${error.message}`, 'SimulatedRouterWarning');
  }

  #world(signal?: AbortSignal): World {
    return {
      delay: async (milliseconds) => {
        await sleep(milliseconds, undefined, signal && { signal });
        await this.refresh();
      },
      resolve: async (name) => this.#resolve(name),
      ping: async ({ address, count, interface: interfaceName, sourceAddress }) => {
        await this.settled();
        const from = this.#from(interfaceName, sourceAddress);
        const received = await ping(this.#host.netns, { address, count, intervalMs: 200, ...from });
        await this.refresh();
        return received;
      },
    };
  }

  #from(interfaceName: string | undefined, sourceAddress: string | undefined): Pick<PingRequest, 'from'> {
    const from = interfaceName === undefined ? sourceAddress : this.dataplane.linuxName(interfaceName);
    return from === undefined ? {} : { from };
  }
}

function pingTimes(args: Readonly<Record<string, string>>): Pick<PingRequest, 'count' | 'intervalMs'> {
  const interval = args.interval === undefined ? 1 : Math.max(seconds(args.interval), 0.2);
  const count = Number(args.count ?? '0');
  return { intervalMs: interval * 1000, ...(count > 0 ? { count } : {}) };
}

function endpointOf(endpoint: string | undefined): {
  currentEndpointAddress?: string;
  currentEndpointPort?: number;
} {
  const found = /^\[?([^\]]+)\]?:(\d+)$/.exec(endpoint ?? '');
  if (found === null) return {};
  return { currentEndpointAddress: found[1] ?? '', currentEndpointPort: Number(found[2]) };
}
