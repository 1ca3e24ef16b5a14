import type { Availability } from '../device/availability.ts';
import type { Device } from '../device/device.ts';
import { SidecarError } from '../errors.ts';
import { gatherTunnel } from './gather.ts';
import { namesOf, type TunnelNames } from './names.ts';
import { PeerTable } from './peers.ts';
import type { Shape } from './state.ts';

/** What is remembered of a tunnel between operations; forgotten whenever one fails. */
export interface Known {
  publicKey: string | null;
  addresses: readonly string[];
  peers: PeerTable;
  /** As it was put, and its rules; absent for a tunnel that this process has not put. */
  put?: { shape: Shape; rules: string; listenPort: number };
  /** How this node's `nft` spells a firewall that was set, where it is not as we spell it. */
  firewall?: { set: string; listed: string | null };
}

/** The tunnels of this node as far as they are known, by interface name. */
export class KnownTunnels {
  readonly #availability: Availability;
  readonly #prefix: string;
  readonly #known = new Map<string, Known>();

  constructor(availability: Availability, prefix: string) {
    this.#availability = availability;
    this.#prefix = prefix;
  }

  get(interfaceName: string): Known | undefined {
    return this.#known.get(interfaceName);
  }

  set(interfaceName: string, known: Known): void {
    this.#known.set(interfaceName, known);
  }

  delete(interfaceName: string): boolean {
    return this.#known.delete(interfaceName);
  }

  names(): IterableIterator<string> {
    return this.#known.keys();
  }

  namesOf(interfaceName: string): TunnelNames {
    return namesOf(this.#prefix, interfaceName);
  }

  deviceOf(names: TunnelNames): Device {
    return this.#availability.forExisting.device(names);
  }

  isPeer(interfaceName: string, publicKey: string): boolean {
    return this.#known.get(interfaceName)?.peers.peers.has(publicKey) ?? false;
  }

  /** Reads a tunnel that this process has not put: it was made before the last restart. Throws `UnknownTunnel`. */
  async learn(names: TunnelNames): Promise<Known> {
    const { place, device, addresses } = await gatherTunnel(names, this.#availability.forExisting);
    if (place !== 'placed' || device === null) throw unknownTunnel(names);
    const known = { publicKey: device.publicKey, addresses, peers: new PeerTable(device.peers) };
    this.#known.set(names.interfaceName, known);
    return known;
  }
}

export const unknownTunnel = ({ interfaceName }: TunnelNames): SidecarError =>
  new SidecarError('UnknownTunnel', `There is no tunnel ${interfaceName} on this node; PUT it first.`);
