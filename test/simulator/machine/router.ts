import { createHash } from 'node:crypto';
import { runInside } from '../../testbed/namespaces.ts';
import type { Link, NattedHost, NetworkHost } from '../../testbed/network.ts';
import { RouterOs } from '../engine/index.ts';
import type { RouterClock } from './linux/wireguard.ts';
import { Machine } from './machine.ts';
import { ping } from './ping.ts';
import type { Misbehaviour, PingResult, SimulatedRouterOptions } from './types.ts';

/**
 * A MikroTik router on the test network: RouterOS's language and configuration (test/simulator/engine), made real
 * in a network namespace: WireGuard, addresses, routes, firewall, the API on its port.
 */
export class SimulatedRouter {
  readonly name: string;
  /** The configuration; tests may read and change it, the Linux side follows. */
  readonly os: RouterOs;
  readonly #host: NetworkHost | NattedHost | undefined;
  readonly #machine: Machine | undefined;

  private constructor(name: string, os: RouterOs, host?: NetworkHost | NattedHost, machine?: Machine) {
    this.name = name;
    this.os = os;
    this.#host = host;
    this.#machine = machine;
  }

  /** Powers a new router on; resolves when it has its WAN address and its services listen. */
  static async start(options: SimulatedRouterOptions): Promise<SimulatedRouter> {
    const { network, name, version, board = 'hAP ax2', nat = true, defaultFirewall = true } = options;
    const serialNumber = options.serialNumber ?? serialFor(name);
    const resolve = (host: string) => network?.hosts.get(host.toLowerCase());
    const os = new RouterOs({ version, board, serialNumber, defaultFirewall, now: Date.now, resolve });
    if (options.adminPassword !== undefined) setAdminPassword(os, options.adminPassword);
    if (network === undefined) return new SimulatedRouter(name, os);
    const host = nat ? await network.attachBehindNat(name) : await network.attach(name);
    const machine = new Machine({ os, host, resolve });
    host.onDetach(() => machine.stop());
    try {
      await machine.powerOn();
      await machine.settled();
    } catch (error) {
      await host.detach();
      throw error;
    }
    return new SimulatedRouter(name, os, host, machine);
  }

  /** Namespace under /run/netns. @throws for a router without a network, as all that needs one does. */
  get netns(): string {
    return this.#plugged().host.netns;
  }

  /** What the internet sees. */
  get publicAddress(): string {
    const { host } = this.#plugged();
    return 'publicAddress' in host ? host.publicAddress : host.address;
  }

  get isOn(): boolean {
    return this.#machine?.isOn ?? true;
  }

  /**
   * Types text into the terminal as `admin`; returns what a person would see there, once Linux follows. A script's
   * `:delay` really waits and its `/ping` really pings, except on a router without a network.
   * @throws what could not be made real.
   */
  async paste(text: string): Promise<string> {
    return this.#machine === undefined ? this.os.terminal().paste(text) : this.#machine.paste(text);
  }

  /** Waits until Linux has what the configuration says. @throws what could not be made real. */
  async settled(): Promise<void> {
    await this.#machine?.settled();
  }

  /** Off, and on again with the configuration kept. */
  async reboot(): Promise<void> {
    await this.powerOff();
    await this.powerOn();
  }

  /** What its clock says from the next time on that it is switched on; `undefined`: the right time. */
  setClock(clock: RouterClock | undefined): void {
    this.#plugged().machine.dataplane.clock = clock;
  }

  /** A power cut: nobody is told. */
  async powerOff(): Promise<void> {
    await this.#plugged().machine.powerOff();
  }

  async powerOn(): Promise<void> {
    const { machine } = this.#plugged();
    await machine.powerOn();
    await machine.settled();
  }

  /** Gets another public address, one that nobody has if none is given; returns it. Only behind NAT. */
  async moveTo(address?: string): Promise<string> {
    return this.#natted().renumber(address);
  }

  /** Loss, delay, the cable out: on the way to the NAT router. Only behind NAT. */
  async setLink(link: Link): Promise<void> {
    await this.#natted().setLink(link);
    this.#plugged().machine.observeUplink(link.up ?? true);
  }

  /** Pings from the router, up to `count` times (default 1), each waiting `timeoutMs` (default 1000). */
  async ping(address: string, options: { count?: number; timeoutMs?: number } = {}): Promise<PingResult> {
    const { count = 1, timeoutMs = 1000 } = options;
    const received = await ping(this.netns, { address, count, timeoutMs, intervalMs: 100 });
    return { sent: count, received };
  }

  /** The latest handshake on any (or the named) WireGuard interface. */
  async lastHandshake(interfaceName?: string): Promise<Date | undefined> {
    const tunnels = await this.#plugged().machine.dataplane.observe();
    const times = tunnels
      .filter((tunnel) => interfaceName === undefined || tunnel.interfaceName === interfaceName)
      .flatMap(({ peers }) => peers.flatMap(({ lastHandshake }) => lastHandshake ?? []));
    return times.length === 0 ? undefined : new Date(Math.max(...times));
  }

  /** `wg show` of its interfaces, under RouterOS's names. */
  async wgShow(): Promise<string> {
    return this.#plugged().machine.dataplane.show();
  }

  /** Runs a command in the router's namespace; for tests that look behind the curtain. */
  async exec(command: string, args: readonly string[], input?: string): Promise<string> {
    return runInside(this.netns, command, args, input);
  }

  /** Makes the API hostile from the next command on; `undefined` makes it honest again. */
  misbehave(how: Misbehaviour | undefined): void {
    this.#plugged().machine.misbehaviour = how;
  }

  /** Powers it off for good and removes what it made. Idempotent; the network's `destroy` does it too. */
  async stop(): Promise<void> {
    await this.#host?.detach();
  }

  #plugged(): { host: NetworkHost | NattedHost; machine: Machine } {
    if (this.#host === undefined || this.#machine === undefined) {
      throw new Error(`Router "${this.name}" was started without a network.`);
    }
    return { host: this.#host, machine: this.#machine };
  }

  #natted(): NattedHost {
    const { host } = this.#plugged();
    if (!('renumber' in host))
      throw new Error(`Router "${this.name}" has a public address of its own (nat: false).`);
    return host;
  }
}

function serialFor(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 11).toUpperCase();
}

function setAdminPassword(os: RouterOs, password: string): void {
  const attributes = { numbers: 'admin', password };
  os.execute({ menu: '/user', command: 'set', attributes, user: 'admin' });
}
