import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { subnetsOf } from '../addresses.ts';
import type { Availability } from '../device/availability.ts';
import type { Device, PeerSettings } from '../device/device.ts';
import type { Implementation } from '../device/implementation.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Recalled } from '../endpoints/memory.ts';
import type { EndpointRecord } from '../endpoints/record.ts';
import { SidecarError } from '../errors.ts';
import type { HoldKeeper } from '../hold/hold.ts';
import type { Listener } from '../initiations/listener.ts';
import { formatAddress } from '../ipv4.ts';
import type { Logger } from '../logger.ts';
import { sendEmpty } from '../namespace/socket.ts';
import type {
  Applied,
  Arrivals,
  Hold,
  PeerChange,
  PeerObservation,
  RefusedPeers,
  Seen,
  ServicesApplied,
  ServicesState,
  TunnelList,
  TunnelState,
} from '../protocol.ts';
import { refuseServerAddress } from '../protocol-request.ts';
import type { Services } from '../services/services.ts';
import { execute } from './execute.ts';
import { gatherAddresses, gatherNamespace, gatherTunnel, listFirewall, withNamespace } from './gather.ts';
import { Greeter } from './greeter.ts';
import { NETNS_FOLDER, namesOf, type TunnelNames } from './names.ts';
import { PeerTable, routesOf } from './peers.ts';
import { planRemoval, planTunnel } from './plan.ts';
import { OperationQueue } from './queue.ts';
import type { ServicePorts } from './service-rules.ts';
import { showTunnel } from './show.ts';
import { desiredOf, firewallOf, type Shape, shapeOf } from './state.ts';
import { describe, type Step } from './steps.ts';

/** What is remembered of a tunnel between operations; forgotten whenever one fails. */
interface Known {
  publicKey: string | null;
  addresses: readonly string[];
  peers: PeerTable;
  /** As it was put, and its rules; absent for a tunnel that this process has not put. */
  put?: { shape: Shape; rules: string; listenPort: number };
  /** How this node's `nft` spells a firewall that was set, where it is not as we spell it. */
  firewall?: { set: string; listed: string | null };
}

export interface TunnelsOptions {
  availability: Availability;
  endpoints: Endpoints;
  hold: HoldKeeper;
  listener: Listener;
  services: Services;
  prefix: string;
  logger: Logger;
}

/** How often peers of a tunnel that has come here are spoken to again, of how many at most, and at which pace, ms. */
const ATTEMPTS = 6;
const ATTEMPT_MS = 1500;
const MOST_INSISTED = 1000;
const AT_ONCE = 8;
const WAITING_PER_TUNNEL = 32;
const PACKETS_PER_SECOND = 200;

/** The tunnels of this node: every operation of the protocol, one at a time for each tunnel. */
export class Tunnels {
  readonly #availability: Availability;
  readonly #endpoints: Endpoints;
  readonly #hold: HoldKeeper;
  readonly #listener: Listener;
  readonly #services: Services;
  /** Ports of services that the rules let routers come to. */
  readonly #admitted = new Map<string, ServicePorts>();
  readonly #greeter = new Greeter();
  readonly #prefix: string;
  readonly #logger: Logger;
  readonly #queue = new OperationQueue({ atOnce: AT_ONCE, waitingPerKey: WAITING_PER_TUNNEL });
  readonly #known = new Map<string, Known>();
  /** When each was last read whole, ms, monotonic. */
  readonly #lookedAt = new Map<string, number>();
  /** UDP ports that running operations are about to use. */
  readonly #claimed = new Map<number, string>();
  /** So far; what was being read meanwhile may be of a tunnel that is no more. */
  #removals = 0;
  #changes = 0;
  #lost = 0;

  constructor({ availability, endpoints, hold, listener, services, prefix, logger }: TunnelsOptions) {
    this.#hold = hold;
    this.#availability = availability;
    this.#endpoints = endpoints;
    this.#listener = listener;
    this.#services = services;
    this.#prefix = prefix;
    this.#logger = logger;
  }

  /** Changes made since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** How often WireGuard of a tunnel has ended by itself. */
  get lost(): number {
    return this.#lost;
  }

  /** Operations that run or wait now. */
  get operations(): number {
    return this.#queue.size;
  }

  namesOf(interfaceName: string): TunnelNames {
    return namesOf(this.#prefix, interfaceName);
  }

  /** Takes the agent's word on whether the tunnels may speak. */
  hold(hold: Hold): Promise<void> {
    return this.#hold.say(hold);
  }

  put(state: TunnelState): Promise<Applied> {
    return this.#exclusively(state.interfaceName, 'put', async (names) => {
      const claimant = this.#claimed.get(state.listenPort);
      if (claimant !== undefined) {
        throw new SidecarError(
          'PortInUse',
          `UDP port ${state.listenPort} is about to be used by ${claimant}.`,
        );
      }
      this.#claimed.set(state.listenPort, names.interfaceName);
      try {
        return await this.#converge(names, state, await this.#availability.require());
      } finally {
        this.#claimed.delete(state.listenPort);
      }
    });
  }

  async #converge(names: TunnelNames, state: TunnelState, implementation: Implementation): Promise<Step[]> {
    const desired = desiredOf(state, this.#admitted.get(names.interfaceName));
    await this.#services.leaveGone(names.interfaceName, names.namespacePath);
    const observed = await gatherTunnel(names, implementation);
    let { firewall } = this.#known.get(names.interfaceName) ?? {};
    const spelledOtherwise = firewall?.set === desired.firewall && firewall.listed === observed.firewall;
    const planned = planTunnel(
      desired,
      spelledOtherwise ? { ...observed, firewall: desired.firewall } : observed,
    );
    const isPeer = (publicKey: string): boolean => desired.peers.has(publicKey);
    // An interface without a key has no peers yet; it may be left from a plan that was cut short.
    const isAnew = planned.some((step) => step.do === 'moveInterface') || observed.device?.publicKey === null;
    const recalled = isAnew
      ? await this.#endpoints.recall(names.interfaceName, isPeer, recordOf(state.seen))
      : undefined;
    const steps = recalled === undefined ? planned : planned.map((step) => withEndpoints(step, recalled));
    await this.#hold.add(names.interfaceName, state.listenPort);
    await execute(names, implementation, steps);
    await this.#services.renew(names.interfaceName, names.namespacePath);
    if (steps.some((step) => step.do === 'setFirewall')) {
      firewall = { set: desired.firewall, listed: await withNamespace(names, listFirewall) };
    }
    this.#known.set(names.interfaceName, {
      publicKey: desired.publicKey,
      addresses: desired.addresses,
      peers: new PeerTable(desired.peers),
      put: { shape: shapeOf(state), rules: desired.firewall, listenPort: state.listenPort },
      ...(firewall === undefined ? {} : { firewall }),
    });
    this.#endpoints.retain(names.interfaceName, isPeer);
    if (isAnew) this.#listener.renewed(names.interfaceName);
    this.#listener.serve(names.interfaceName, state, (publicKey) => this.#isPeer(names, publicKey));
    if (recalled !== undefined && recalled.speakers.length > 0) {
      void this.#greet(names, recalled.speakers);
      // The address that routers speak to may come to this node a little later than the tunnel.
      if (state.seen !== undefined) void this.#insist(names, recalled);
    }
    return steps;
  }

  /** Speaks again to peers of a tunnel that has come here, while they do not answer. */
  async #insist(names: TunnelNames, { speakers, endpoints }: Recalled): Promise<void> {
    const { interfaceName } = names;
    const waiting = new Set(speakers.slice(0, MOST_INSISTED));
    for (let attempt = 0; attempt < ATTEMPTS && waiting.size > 0; attempt++) {
      await sleep(ATTEMPT_MS, undefined, { ref: false });
      if (this.#queue.isClosed) return;
      try {
        await this.#queue.run(interfaceName, async () => {
          const peers = this.#known.get(interfaceName)?.peers.peers;
          for await (const { publicKey, lastHandshake } of this.#device(names).observe())
            if (lastHandshake > 0) waiting.delete(publicKey);
          const keys = [...waiting].filter((key) => peers?.has(key));
          if (peers === undefined || keys.length === 0) return waiting.clear();
          // WireGuard begins a handshake with a peer once in five seconds; with one that is new, at once.
          const set = new Map(keys.flatMap((key) => [[key, peers.get(key) as PeerSettings] as const]));
          await this.#device(names).apply({ remove: keys, set, endpoints });
          await this.#device(names).greet(keys);
        });
      } catch (err) {
        this.#logger.debug(
          { interfaceName, err },
          'Peers of a tunnel that came here were not spoken to again.',
        );
        return;
      }
    }
  }

  /** Speaks first to the peers of an interface that was made anew: their own keepalives may be long in coming. */
  async #greet(names: TunnelNames, speakers: readonly string[]): Promise<void> {
    const { interfaceName } = names;
    this.#logger.info(
      { interfaceName, peers: speakers.length },
      'Speaking first to the peers of a new interface.',
    );
    try {
      await this.#greeter.greet(speakers, (some) =>
        this.#queue.run(interfaceName, async () => {
          const peers = this.#known.get(interfaceName)?.peers.peers;
          const present = some.filter((key) => peers?.has(key));
          if (present.length > 0) await this.#device(names).greet(present);
        }),
      );
    } catch (err) {
      const abandoned = err instanceof SidecarError && err.code === 'Stopping';
      if (!abandoned && !this.#queue.isClosed)
        this.#logger.warn({ interfaceName, err }, 'Not all peers of a new interface were spoken to.');
    }
  }

  #isPeer({ interfaceName }: TunnelNames, publicKey: string): boolean {
    return this.#known.get(interfaceName)?.peers.peers.has(publicKey) ?? false;
  }

  /** Who began a handshake since `after`, as soon as there is somebody. */
  arrivals(after: number): Promise<Arrivals> {
    return this.#listener.arrivals(after);
  }

  /** One that leads to this peer and to nobody else. */
  #addressOf(interfaceName: string, publicKey: string): string | undefined {
    const networks = this.#known.get(interfaceName)?.peers.peers.get(publicKey)?.allowedIPs ?? [];
    return networks.find((network) => network.endsWith('/32'))?.slice(0, -'/32'.length);
  }

  /** Peers whose handshakes arrive and are refused. */
  refused(): RefusedPeers {
    return { refused: this.#listener.list() };
  }

  /**
   * Speaks first to a peer that is refused, where it was last heard: it takes the handshake that it is offered, if it is
   * who it says, and nothing that WireGuard remembers of it is forgotten. While an old session of its has not run out,
   * WireGuard begins another only 15 s after something that was sent has brought no answer (paper §6.5), so something
   * is sent. Nothing is done for others.
   */
  call(interfaceName: string, publicKey: string): Promise<Applied> {
    const names = this.namesOf(interfaceName);
    return this.#queue.run(interfaceName, async () => {
      const endpoint = this.#listener.endpointOf(interfaceName, publicKey);
      if (endpoint === undefined || !this.#isPeer(names, publicKey)) return { changes: [] };
      await this.#device(names).call(publicKey, endpoint);
      this.#listener.called(interfaceName, publicKey);
      const address = this.#addressOf(interfaceName, publicKey);
      if (address !== undefined) {
        await withNamespace(names, async (namespace) => sendEmpty(namespace, address));
      }
      const changes = [`speak first to peer ${publicKey} at ${endpoint}`];
      this.#logger.info({ interfaceName, changes }, 'A peer is refused; speaking to it first.');
      return { changes };
    });
  }

  /** Speaks no longer to those that were called and have been silent since. */
  async hushSilent(): Promise<void> {
    for (const { interfaceName, publicKey } of this.#listener.takeSilent()) {
      const names = this.namesOf(interfaceName);
      try {
        await this.#queue.run(interfaceName, async () => {
          if (this.#isPeer(names, publicKey)) await this.#device(names).hush(publicKey);
        });
      } catch (err) {
        this.#logger.debug({ interfaceName, err }, 'A silent peer is still spoken to.');
      }
    }
  }

  #device(names: TunnelNames): Device {
    return this.#availability.forExisting.device(names);
  }

  /** Changes some peers by what is known of the others, so that it takes as long for one among 65,000 as among ten. */
  patchPeers(interfaceName: string, change: PeerChange): Promise<Applied> {
    return this.#exclusively(interfaceName, 'patch', async (names) => {
      const known = this.#known.get(interfaceName) ?? (await this.#learn(names));
      const subnets = subnetsOf(known.addresses);
      refuseServerAddress(change.set, known.addresses, 'set');
      if (change.set.some(({ publicKey }) => publicKey === known.publicKey)) {
        throw new SidecarError(
          'InvalidRequest',
          `set names ${known.publicKey}, which is the server's own key.`,
        );
      }
      const plan = known.peers.plan(change);
      if (plan.remove.length === 0 && plan.set.size === 0) return [];
      const wanted = routesOf(
        [...plan.set.values()].flatMap(({ allowedIPs }) => allowedIPs),
        subnets,
      );
      const add = wanted.filter((route) => !known.peers.has(route));
      const before = routesOf(known.peers.networksOf(plan), subnets);
      const steps: Step[] = [{ do: 'setDevice', ...plan }];
      known.peers.apply(plan);
      const remove = before.filter((route) => !known.peers.has(route));
      if (add.length > 0 || remove.length > 0) steps.push({ do: 'setRoutes', remove, add });
      try {
        await execute(names, this.#availability.forExisting, steps);
      } catch (cause) {
        // Somebody may have removed the tunnel: then that is what has to be said.
        await this.#learn(names);
        throw cause;
      }
      this.#endpoints.drop(interfaceName, plan.remove);
      this.#listener.drop(interfaceName, plan.remove);
      return steps;
    });
  }

  /**
   * Brings what routers may reach to this, and touches neither the interface nor its peers. A port that cannot be had is
   * told; the others are open.
   */
  putServices(
    interfaceName: string,
    { services, packetsPerSecond = PACKETS_PER_SECOND }: ServicesState,
  ): Promise<ServicesApplied> {
    const names = this.namesOf(interfaceName);
    return this.#queue.run(interfaceName, async () => {
      const { put } = this.#known.get(interfaceName) ?? {};
      const [own] = subnetsOf(put?.shape.addresses ?? []);
      if (put === undefined || own === undefined) throw unknown(names);
      if ((await gatherNamespace(names)) !== 'present') throw unknown(names);
      const address = formatAddress(own.address);
      const { changes, problems } = await this.#services.put(
        interfaceName,
        names.namespacePath,
        address,
        services,
      );
      const ports = { ports: this.#services.openIn(interfaceName), packetsPerSecond };
      const admitted = ports.ports.length === 0 ? undefined : ports;
      const rules = firewallOf(put.shape, admitted);
      if (rules !== put.rules) changes.push(...(await this.#setRules(names, rules)));
      if (admitted === undefined) this.#admitted.delete(interfaceName);
      else this.#admitted.set(interfaceName, admitted);
      this.#changes += changes.length;
      if (changes.length > 0) this.#logger.info({ interfaceName, changes }, 'services changed');
      return { changes, problems };
    });
  }

  async #setRules(names: TunnelNames, rules: string): Promise<string[]> {
    const step: Step = { do: 'setFirewall', table: rules };
    await execute(names, this.#availability.forExisting, [step]);
    const known = this.#known.get(names.interfaceName);
    if (known?.put !== undefined) {
      known.put.rules = rules;
      known.firewall = { set: rules, listed: await withNamespace(names, listFirewall) };
    }
    return describe(step);
  }

  /** Reads a tunnel that this process has not put: it was made before the last restart. */
  async #learn(names: TunnelNames): Promise<Known> {
    const { place, device, addresses } = await gatherTunnel(names, this.#availability.forExisting);
    if (place !== 'placed' || device === null) throw unknown(names);
    const known = { publicKey: device.publicKey, addresses, peers: new PeerTable(device.peers) };
    this.#known.set(names.interfaceName, known);
    return known;
  }

  remove(interfaceName: string): Promise<Applied> {
    return this.#exclusively(interfaceName, 'remove', async (names) => {
      const implementation = this.#availability.forExisting;
      this.#services.close(interfaceName);
      this.#admitted.delete(interfaceName);
      const steps = planRemoval(await gatherTunnel(names, implementation));
      this.#known.delete(interfaceName);
      this.#lookedAt.delete(interfaceName);
      await execute(names, implementation, steps);
      this.#removals += 1;
      await this.#hold.remove(interfaceName);
      this.#listener.forget(interfaceName);
      await this.#endpoints.forget(interfaceName);
      return steps;
    });
  }

  async list(): Promise<TunnelList> {
    const entries = await readdir(NETNS_FOLDER).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw cause;
    });
    const interfaceNames = entries
      .filter((entry) => entry.startsWith(this.#prefix))
      .map((entry) => entry.slice(this.#prefix.length))
      .filter((name) => /^wg(0|[1-9]\d{0,4})$/.test(name));
    const tunnels = await Promise.all(interfaceNames.map((name) => this.#summarise(this.namesOf(name))));
    return {
      tunnels: tunnels.sort((a, b) => Number(a.interfaceName.slice(2)) - Number(b.interfaceName.slice(2))),
    };
  }

  /** A tunnel whose device cannot be read is listed all the same: it is there, and somebody has to mend or remove it. */
  async #summarise(names: TunnelNames): Promise<TunnelList['tunnels'][number]> {
    const { interfaceName } = names;
    const { put, peers } = this.#known.get(interfaceName) ?? {};
    // To ask WireGuard would be to read all peers.
    if (put !== undefined && peers !== undefined) {
      return { interfaceName, listenPort: put.listenPort, peers: peers.peers.size };
    }
    try {
      const device = await this.#queue.run(interfaceName, () => this.#device(names).read());
      return { interfaceName, listenPort: device.listenPort || null, peers: device.peers.size };
    } catch (cause) {
      if (!(cause instanceof SidecarError)) throw cause;
      return { interfaceName, listenPort: null, peers: 0 };
    }
  }

  /** Peers whose last handshake is at `since` (Unix seconds) or later; all of them for 0. */
  async *observe(interfaceName: string, since: number): AsyncGenerator<PeerObservation> {
    const names = this.namesOf(interfaceName);
    const removals = this.#removals;
    if ((await gatherNamespace(names)) !== 'present') throw unknown(names);
    try {
      for await (const peer of this.#device(names).observe()) {
        if (removals === this.#removals) this.#endpoints.note(interfaceName, peer);
        this.#listener.note(interfaceName, peer);
        if (peer.lastHandshake >= since) yield peer;
      }
    } catch (cause) {
      // Whose interface or process has gone is to be put again, which nobody would do for a device that merely failed.
      if (cause instanceof SidecarError) await this.#queue.run(interfaceName, () => this.#learn(names));
      throw cause;
    }
    this.#lookedAt.set(interfaceName, performance.now());
  }

  /** Looks after tunnels that nobody has asked about for so long, for their peers' endpoints. */
  async look(olderThanMs: number): Promise<void> {
    for (const interfaceName of this.#known.keys()) {
      const age = performance.now() - (this.#lookedAt.get(interfaceName) ?? Number.NEGATIVE_INFINITY);
      if (age < olderThanMs) continue;
      try {
        for await (const _ of this.observe(interfaceName, 0)) {
          // It has been noted as it went by.
        }
      } catch (err) {
        this.#logger.debug({ interfaceName, err }, 'A tunnel could not be looked at.');
      }
    }
  }

  /** The wireguard-go of a tunnel has ended, and its interface with it. */
  processEnded(interfaceName: string, how: string): void {
    if (!this.#known.delete(interfaceName)) return;
    this.#lost += 1;
    this.#logger.warn(
      { interfaceName, how },
      'wireguard-go has ended by itself; the tunnel is to be put again.',
    );
  }

  /** Takes no operation any more; resolves when those that run have ended. */
  close(): Promise<void> {
    this.#greeter.stop();
    return this.#queue.close();
  }

  async show(interfaceName: string): Promise<string> {
    const names = this.namesOf(interfaceName);
    if ((await gatherNamespace(names)) !== 'present') throw unknown(names);
    return showTunnel(names);
  }

  /** The addresses of a tunnel's server. Throws `UnknownTunnel`. */
  async addressesOf(interfaceName: string): Promise<readonly string[]> {
    const names = this.namesOf(interfaceName);
    const addresses = this.#known.get(interfaceName)?.addresses ?? (await gatherAddresses(names));
    if (addresses === null) throw unknown(names);
    return addresses;
  }

  /** Whether there is a router behind this address, or has a network in which it lies. Throws `UnknownTunnel`. */
  async leadsTo(interfaceName: string, address: number): Promise<boolean> {
    const learn = () => this.#queue.run(interfaceName, () => this.#learn(this.namesOf(interfaceName)));
    const { peers } = this.#known.get(interfaceName) ?? (await learn());
    return peers.leadsTo(address);
  }

  async #exclusively(
    interfaceName: string,
    operation: string,
    work: (names: TunnelNames) => Promise<Step[]>,
  ): Promise<Applied> {
    const names = this.namesOf(interfaceName);
    return this.#queue.run(interfaceName, async () => {
      try {
        const changes = (await work(names)).flatMap(describe);
        this.#changes += changes.length;
        if (changes.length > 0) this.#logger.info({ interfaceName, operation, changes }, 'tunnel changed');
        return { changes };
      } catch (cause) {
        // After a failure nothing is taken for granted; a request that was refused has changed nothing.
        const refused = cause instanceof SidecarError && cause.code === 'InvalidRequest';
        if (!refused) this.#known.delete(interfaceName);
        throw cause;
      }
    });
  }
}

const withEndpoints = (step: Step, { endpoints }: Recalled): Step =>
  step.do === 'setDevice' && endpoints.size > 0 ? { ...step, endpoints } : step;

const recordOf = (seen: Seen | undefined): EndpointRecord | undefined =>
  seen && {
    writtenAt: seen.at,
    peers: new Map(
      Object.entries(seen.peers).map(([key, [endpoint, lastHandshake]]) => [
        key,
        { endpoint, lastHandshake },
      ]),
    ),
  };

const unknown = ({ interfaceName }: TunnelNames): SidecarError =>
  new SidecarError('UnknownTunnel', `There is no tunnel ${interfaceName} on this node; PUT it first.`);
