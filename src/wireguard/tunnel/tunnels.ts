import { subnetsOf } from '../addresses.ts';
import type { Availability } from '../device/availability.ts';
import type { Implementation } from '../device/implementation.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import type { Recalled } from '../endpoints/memory.ts';
import type { EndpointRecord } from '../endpoints/record.ts';
import { SidecarError } from '../errors.ts';
import type { HoldKeeper } from '../hold/hold.ts';
import type { Listener } from '../initiations/listener.ts';
import { formatAddress } from '../ipv4.ts';
import type { Logger } from '../logger.ts';
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
import { KnownTunnels, unknownTunnel } from './known.ts';
import type { TunnelNames } from './names.ts';
import { PeerTable, routesOf } from './peers.ts';
import { planRemoval, planTunnel } from './plan.ts';
import { OperationQueue } from './queue.ts';
import type { ServicePorts } from './service-rules.ts';
import { showTunnel } from './show.ts';
import { Speaker } from './speaker.ts';
import { desiredOf, firewallOf, shapeOf } from './state.ts';
import { describe, type Step } from './steps.ts';
import { TunnelWatch } from './watch.ts';

export interface TunnelsOptions {
  availability: Availability;
  endpoints: Endpoints;
  hold: HoldKeeper;
  listener: Listener;
  services: Services;
  prefix: string;
  logger: Logger;
}

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
  readonly #logger: Logger;
  readonly #queue = new OperationQueue({ atOnce: AT_ONCE, waitingPerKey: WAITING_PER_TUNNEL });
  readonly #known: KnownTunnels;
  readonly #speaker: Speaker;
  readonly #watch: TunnelWatch;
  /** UDP ports that running operations are about to use. */
  readonly #claimed = new Map<number, string>();
  #changes = 0;
  #lost = 0;

  constructor({ availability, endpoints, hold, listener, services, prefix, logger }: TunnelsOptions) {
    this.#hold = hold;
    this.#availability = availability;
    this.#endpoints = endpoints;
    this.#listener = listener;
    this.#services = services;
    this.#logger = logger;
    this.#known = new KnownTunnels(availability, prefix);
    const shared = { known: this.#known, queue: this.#queue, listener, logger };
    this.#speaker = new Speaker(shared);
    this.#watch = new TunnelWatch({ ...shared, endpoints, prefix });
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
    return this.#known.namesOf(interfaceName);
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
    this.#listener.serve(names.interfaceName, state, (publicKey) =>
      this.#known.isPeer(names.interfaceName, publicKey),
    );
    if (recalled !== undefined && recalled.speakers.length > 0) {
      void this.#speaker.greet(names, recalled.speakers);
      // The address that routers speak to may come to this node a little later than the tunnel.
      if (state.seen !== undefined) void this.#speaker.insist(names, recalled);
    }
    return steps;
  }

  /** Who began a handshake since `after`, as soon as there is somebody. */
  arrivals(after: number): Promise<Arrivals> {
    return this.#listener.arrivals(after);
  }

  /** Peers whose handshakes arrive and are refused. */
  refused(): RefusedPeers {
    return { refused: this.#listener.list() };
  }

  /** Speaks first to a peer that is refused. */
  call(interfaceName: string, publicKey: string): Promise<Applied> {
    return this.#speaker.call(interfaceName, publicKey);
  }

  /** Speaks no longer to those that were called and have been silent since. */
  hushSilent(): Promise<void> {
    return this.#speaker.hushSilent();
  }

  /** Changes some peers by what is known of the others, so that it takes as long for one among 65,000 as among ten. */
  patchPeers(interfaceName: string, change: PeerChange): Promise<Applied> {
    return this.#exclusively(interfaceName, 'patch', async (names) => {
      const known = this.#known.get(interfaceName) ?? (await this.#known.learn(names));
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
        await this.#known.learn(names);
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
      if (put === undefined || own === undefined) throw unknownTunnel(names);
      if ((await gatherNamespace(names)) !== 'present') throw unknownTunnel(names);
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

  remove(interfaceName: string): Promise<Applied> {
    return this.#exclusively(interfaceName, 'remove', async (names) => {
      const implementation = this.#availability.forExisting;
      this.#services.close(interfaceName);
      this.#admitted.delete(interfaceName);
      const steps = planRemoval(await gatherTunnel(names, implementation));
      this.#known.delete(interfaceName);
      await execute(names, implementation, steps);
      this.#watch.removed(interfaceName);
      await this.#hold.remove(interfaceName);
      this.#listener.forget(interfaceName);
      await this.#endpoints.forget(interfaceName);
      return steps;
    });
  }

  list(): Promise<TunnelList> {
    return this.#watch.list();
  }

  /** Peers whose last handshake is at `since` (Unix seconds) or later; all of them for 0. Throws `UnknownTunnel`. */
  observe(interfaceName: string, since: number): AsyncGenerator<PeerObservation> {
    return this.#watch.observe(interfaceName, since);
  }

  /** Looks after tunnels that nobody has asked about for so long, for their peers' endpoints. */
  look(olderThanMs: number): Promise<void> {
    return this.#watch.look(olderThanMs);
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
    this.#speaker.stop();
    return this.#queue.close();
  }

  async show(interfaceName: string): Promise<string> {
    const names = this.namesOf(interfaceName);
    if ((await gatherNamespace(names)) !== 'present') throw unknownTunnel(names);
    return showTunnel(names);
  }

  /** The addresses of a tunnel's server. Throws `UnknownTunnel`. */
  async addressesOf(interfaceName: string): Promise<readonly string[]> {
    const names = this.namesOf(interfaceName);
    const addresses = this.#known.get(interfaceName)?.addresses ?? (await gatherAddresses(names));
    if (addresses === null) throw unknownTunnel(names);
    return addresses;
  }

  /** Whether there is a router behind this address, or has a network in which it lies. Throws `UnknownTunnel`. */
  async leadsTo(interfaceName: string, address: number): Promise<boolean> {
    const learn = () => this.#queue.run(interfaceName, () => this.#known.learn(this.namesOf(interfaceName)));
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
