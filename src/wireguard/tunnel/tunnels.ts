import { readdir } from 'node:fs/promises';
import type { Implementation } from '../device/implementation.ts';
import { SidecarError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Applied, PeerChange, PeerObservation, TunnelList, TunnelState } from '../protocol.ts';
import { refuseServerAddress } from '../protocol-request.ts';
import { execute } from './execute.ts';
import { gatherAddresses, gatherNamespace, gatherTunnel, listFirewall, withNamespace } from './gather.ts';
import { NETNS_FOLDER, namesOf, type TunnelNames } from './names.ts';
import { PeerTable, routesOf } from './peers.ts';
import { planRemoval, planTunnel } from './plan.ts';
import { OperationQueue } from './queue.ts';
import { showTunnel } from './show.ts';
import { desiredOf, subnetsOf } from './state.ts';
import { describe, type Step } from './steps.ts';

/** What is remembered of a tunnel between operations; forgotten whenever one fails. */
interface Known {
  publicKey: string | null;
  addresses: readonly string[];
  peers: PeerTable;
  /** How this node's `nft` spells a firewall that was set, where it is not as we spell it. */
  firewall?: { set: string; listed: string | null };
}

const AT_ONCE = 8;
const WAITING_PER_TUNNEL = 32;

/** The tunnels of this node: every operation of the protocol, one at a time for each tunnel. */
export class Tunnels {
  readonly implementation: Implementation;
  readonly #prefix: string;
  readonly #logger: Logger;
  readonly #queue = new OperationQueue({ atOnce: AT_ONCE, waitingPerKey: WAITING_PER_TUNNEL });
  readonly #known = new Map<string, Known>();
  /** UDP ports that running operations are about to use. */
  readonly #claimed = new Map<number, string>();
  #changes = 0;

  constructor(options: { implementation: Implementation; prefix: string; logger: Logger }) {
    this.implementation = options.implementation;
    this.#prefix = options.prefix;
    this.#logger = options.logger;
  }

  /** Changes made since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** Operations that run or wait now. */
  get operations(): number {
    return this.#queue.size;
  }

  namesOf(interfaceName: string): TunnelNames {
    return namesOf(this.#prefix, interfaceName);
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
        return await this.#converge(names, state);
      } finally {
        this.#claimed.delete(state.listenPort);
      }
    });
  }

  async #converge(names: TunnelNames, state: TunnelState): Promise<Step[]> {
    const desired = desiredOf(state);
    const observed = await gatherTunnel(names, this.implementation);
    let { firewall } = this.#known.get(names.interfaceName) ?? {};
    const spelledOtherwise = firewall?.set === desired.firewall && firewall.listed === observed.firewall;
    const steps = planTunnel(
      desired,
      spelledOtherwise ? { ...observed, firewall: desired.firewall } : observed,
    );
    for (const step of steps) await execute(names, this.implementation, step);
    if (steps.some((step) => step.do === 'setFirewall')) {
      firewall = { set: desired.firewall, listed: await withNamespace(names, listFirewall) };
    }
    this.#known.set(names.interfaceName, {
      publicKey: desired.publicKey,
      addresses: desired.addresses,
      peers: new PeerTable(desired.peers),
      ...(firewall === undefined ? {} : { firewall }),
    });
    return steps;
  }

  /** Changes some peers by what is known of the others, so that it takes as long for one among 65,000 as among ten. */
  patchPeers(interfaceName: string, change: PeerChange): Promise<Applied> {
    return this.#exclusively(interfaceName, 'patch', async (names) => {
      const known = this.#known.get(interfaceName) ?? (await this.#learn(names));
      const subnets = subnetsOf(known.addresses);
      refuseServerAddress(change.set, subnets, 'set');
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
        for (const step of steps) await execute(names, this.implementation, step);
      } catch (cause) {
        // Somebody may have removed the tunnel: then that is what has to be said.
        await this.#learn(names);
        throw cause;
      }
      return steps;
    });
  }

  /** Reads a tunnel that this process has not put: it was made before the last restart. */
  async #learn(names: TunnelNames): Promise<Known> {
    const { place, device, addresses } = await gatherTunnel(names, this.implementation);
    if (place !== 'placed' || device === null) throw unknown(names);
    const known = { publicKey: device.publicKey, addresses, peers: new PeerTable(device.peers) };
    this.#known.set(names.interfaceName, known);
    return known;
  }

  remove(interfaceName: string): Promise<Applied> {
    return this.#exclusively(interfaceName, 'remove', async (names) => {
      const steps = planRemoval(await gatherTunnel(names, this.implementation));
      this.#known.delete(interfaceName);
      for (const step of steps) await execute(names, this.implementation, step);
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
    try {
      const device = await this.#queue.run(interfaceName, () => this.implementation.device(names).read());
      return { interfaceName, listenPort: device.listenPort || null, peers: device.peers.size };
    } catch (cause) {
      if (!(cause instanceof SidecarError)) throw cause;
      return { interfaceName, listenPort: null, peers: 0 };
    }
  }

  /** Peers whose last handshake is at `since` (Unix seconds) or later; all of them for 0. */
  async *observe(interfaceName: string, since: number): AsyncGenerator<PeerObservation> {
    const names = this.namesOf(interfaceName);
    if ((await gatherNamespace(names)) !== 'present') throw unknown(names);
    for await (const peer of this.implementation.device(names).observe()) {
      if (peer.lastHandshake >= since) yield peer;
    }
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

const unknown = ({ interfaceName }: TunnelNames): SidecarError =>
  new SidecarError('UnknownTunnel', `There is no tunnel ${interfaceName} on this node; PUT it first.`);
