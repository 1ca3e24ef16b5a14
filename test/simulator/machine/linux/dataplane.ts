import { ipBatch, runInside } from '../../../testbed/namespaces.ts';
import type { Row } from '../../engine/index.ts';
import { type DesiredWireguard, desiredAddresses, desiredRoutes, desiredWireguard } from './desired.ts';
import { firewall6Of, firewallOf } from './firewall.ts';
import { isOn, plainName, portName, type ReadRows } from './interfaces.ts';
import type { ObservedPeer } from './uapi.ts';
import { type RouterClock, WireguardInterface } from './wireguard.ts';

export interface DataplaneOptions {
  netns: string;
  rows: ReadRows;
  /** The simulated DNS. */
  resolve: (host: string) => string | undefined;
}

export interface ObservedTunnel {
  /** RouterOS's name. */
  interfaceName: string;
  up: boolean;
  peers: ObservedPeer[];
}

/** No address but those that the configuration has, which stay while the link is down. */
const ipv6On = (link: string): string[] =>
  ['addr_gen_mode=1', 'accept_ra=0', 'keep_addr_on_down=1', 'disable_ipv6=0'].map(
    (setting) => `net.ipv6.conf.${link}.${setting}`,
  );

interface Tunnel {
  desired: DesiredWireguard;
  real: WireguardInterface;
  link: string;
}

/** Makes a configuration real in a namespace: WireGuard, bridges, addresses, routes, firewall. */
export class Dataplane {
  /** Of interfaces that are made from now on. */
  clock: RouterClock | undefined;
  readonly #options: DataplaneOptions;
  /** By `.id`, so that renaming an interface does not take it down. */
  readonly #tunnels = new Map<string, Tunnel>();
  readonly #bridges = new Set<string>();
  /** Linux name → addresses put there. */
  readonly #addresses = new Map<string, Set<string>>();
  #routes = new Set<string>();
  #firewall = '';
  /** `.id` of a peer → what its endpoint's name meant when it was set up: RouterOS asks once. */
  readonly #resolved = new Map<string, { host: string; address: string }>();

  constructor(options: DataplaneOptions) {
    this.#options = options;
  }

  /** Brings Linux to what the configuration says now. @throws for what cannot be made real. */
  async apply(): Promise<void> {
    const { rows, netns } = this.#options;
    const wanted = desiredWireguard(rows, (peer, host) => this.#resolve(peer, host));
    this.#forgetEndpoints(rows('/interface/wireguard/peers'));
    await this.#applyTunnels(wanted);
    const linuxName = (name: string): string => this.linuxName(name);
    const firewall = firewallOf(rows, linuxName) + firewall6Of(rows, linuxName);
    if (firewall !== this.#firewall) {
      await runInside(netns, 'nft', ['-f', '-'], firewall);
      this.#firewall = firewall;
    }
    await this.#applyBridges();
    await this.#applyAddresses();
    // Peers after all that a handshake may bring in at once.
    await this.#configureTunnels();
    await this.#applyRoutes();
  }

  /** Peers of all tunnels as WireGuard sees them, by RouterOS's interface name. */
  async observe(): Promise<ObservedTunnel[]> {
    const observed = await Promise.all([...this.#tunnels].map((entry) => this.#observe(...entry)));
    return observed.flatMap((tunnel) => tunnel ?? []);
  }

  async #observe(id: string, tunnel: Tunnel): Promise<ObservedTunnel | undefined> {
    try {
      const { desired, real } = tunnel;
      return { interfaceName: desired.name, up: desired.up, peers: await real.observe() };
    } catch (error) {
      // It may have been taken away meanwhile.
      if (this.#tunnels.get(id) !== tunnel) return undefined;
      throw error;
    }
  }

  /** `wg show` of each tunnel, with RouterOS's names for the interfaces. */
  async show(): Promise<string> {
    const texts = await Promise.all(
      [...this.#tunnels.values()].map(async ({ desired, real }) =>
        (await real.show()).replace(`interface: ${real.linuxName}`, `interface: ${desired.name}`),
      ),
    );
    return texts.join('\n');
  }

  /** Takes everything away, as a power cut does. */
  async clear(): Promise<void> {
    const tunnels = [...this.#tunnels.values()];
    this.#tunnels.clear();
    await Promise.all(tunnels.map(({ real }) => real.destroy()));
    const lines = [...this.#addresses]
      .filter(([link]) => link === 'ether1')
      .flatMap(([link, addresses]) => [...addresses].map((address) => `addr del ${address} dev ${link}`));
    lines.push(...[...this.#bridges].map((bridge) => `link del ${bridge}`));
    if (lines.length > 0) await ipBatch(this.#options.netns, lines);
    this.#bridges.clear();
    this.#addresses.clear();
    this.#routes.clear();
    this.#resolved.clear();
  }

  /** The Linux name of an interface. */
  linuxName(name: string): string {
    for (const { desired, real } of this.#tunnels.values()) if (desired.name === name) return real.linuxName;
    return plainName(portName(name, this.#options.rows));
  }

  #resolve(peer: Row, host: string): string | undefined {
    const id = peer['.id'] ?? '';
    const known = this.#resolved.get(id);
    if (known?.host === host) return known.address;
    const address = this.#options.resolve(host);
    if (address !== undefined) this.#resolved.set(id, { host, address });
    return address;
  }

  /** A peer that is disabled, gone or had another endpoint resolves its name anew when it comes back. */
  #forgetEndpoints(peers: readonly Row[]): void {
    const hosts = new Map(peers.filter(isOn).map((peer) => [peer['.id'], peer['endpoint-address']]));
    for (const [id, { host }] of this.#resolved) if (hosts.get(id) !== host) this.#resolved.delete(id);
  }

  async #applyTunnels(wanted: readonly DesiredWireguard[]): Promise<void> {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { real }] of this.#tunnels) {
      if (ids.has(id)) continue;
      this.#tunnels.delete(id);
      this.#addresses.delete(real.linuxName);
      await real.destroy();
    }
    await Promise.all(
      wanted.map(async (desired) => {
        const tunnel = this.#tunnels.get(desired.id);
        if (tunnel !== undefined) tunnel.desired = desired;
        else {
          const real = await WireguardInterface.create(this.#options.netns, this.clock);
          this.#tunnels.set(desired.id, { desired, real, link: '' });
        }
      }),
    );
  }

  async #configureTunnels(): Promise<void> {
    for (const tunnel of this.#tunnels.values()) {
      const { desired, real } = tunnel;
      await real.configure(desired.device);
      const link = `link set ${real.linuxName} mtu ${desired.mtu} ${desired.up ? 'up' : 'down'}`;
      if (link === tunnel.link) continue;
      await ipBatch(this.#options.netns, [link]);
      tunnel.link = link;
    }
  }

  async #applyBridges(): Promise<void> {
    const wanted = new Set(
      this.#options
        .rows('/interface/bridge')
        .filter(isOn)
        .map((row) => plainName(row.name ?? '')),
    );
    const lines: string[] = [];
    for (const bridge of this.#bridges) {
      if (wanted.has(bridge)) continue;
      lines.push(`link del ${bridge}`);
      this.#bridges.delete(bridge);
      this.#addresses.delete(bridge);
    }
    for (const bridge of wanted) {
      if (this.#bridges.has(bridge)) continue;
      lines.push(`link add ${bridge} type bridge`, `link set ${bridge} up`);
      this.#bridges.add(bridge);
    }
    if (lines.length > 0) await ipBatch(this.#options.netns, lines);
  }

  /** An address on an interface that has no cable here (ether2 …) is as inactive as on a real router. */
  async #applyAddresses(): Promise<void> {
    const wanted = new Map<string, Set<string>>();
    for (const [name, addresses] of desiredAddresses(this.#options.rows)) {
      const link = this.linuxName(name);
      if (this.#exists(link)) wanted.set(link, new Set(addresses));
    }
    const lines: string[] = [];
    for (const link of new Set([...this.#addresses.keys(), ...wanted.keys()])) {
      const before = this.#addresses.get(link) ?? new Set();
      const after = wanted.get(link) ?? new Set();
      for (const address of before) if (!after.has(address)) lines.push(`addr del ${address} dev ${link}`);
      for (const address of after) {
        if (before.has(address)) continue;
        const isIpv6 = address.includes(':');
        if (isIpv6) await runInside(this.#options.netns, 'sysctl', ['-q', '-w', ...ipv6On(link)]);
        lines.push(`addr add ${address} dev ${link}${isIpv6 ? ' nodad' : ''}`);
      }
    }
    if (lines.length > 0) await ipBatch(this.#options.netns, lines);
    this.#addresses.clear();
    for (const [link, addresses] of wanted) this.#addresses.set(link, addresses);
  }

  #exists(link: string): boolean {
    const tunnels = [...this.#tunnels.values()].map(({ real }) => real.linuxName);
    return link === 'ether1' || this.#bridges.has(link) || tunnels.includes(link);
  }

  /** A route whose gateway cannot be reached now is inactive and tried again at the next change. */
  async #applyRoutes(): Promise<void> {
    const wanted = new Set(
      desiredRoutes(this.#options.rows).map(({ destination, gateway, distance }) => {
        if (gateway === undefined) return `blackhole ${destination} metric ${distance}`;
        const isAddress = /^[\d.]+$/.test(gateway);
        return `${destination} ${isAddress ? `via ${gateway}` : `dev ${this.linuxName(gateway)}`} metric ${distance}`;
      }),
    );
    for (const route of this.#routes) if (!wanted.has(route)) await this.#route('del', route);
    const active = new Set<string>();
    for (const route of wanted) if (await this.#route('replace', route)) active.add(route);
    this.#routes = active;
  }

  async #route(verb: 'del' | 'replace', route: string): Promise<boolean> {
    try {
      await runInside(this.#options.netns, 'ip', ['route', verb, ...route.split(' ')]);
      return true;
    } catch (error) {
      if (/unreachable|invalid gateway|Cannot find device|No such process|is down/i.test(String(error)))
        return false;
      throw error;
    }
  }
}
