import { seeded } from '../../testbed/seeded.ts';
import { type Cast, createCast, type Member, namespaceOf } from './cast.ts';
import type { Draft } from './packets.ts';
import { Traffic } from './traffic.ts';
import { sniff, sniffAccepted } from './wire.ts';

export interface SceneOptions {
  /** Tunnels and routers have IPv6 as well. */
  ipv6?: boolean;
  /** Those of which a tunnel's server sees what it takes in. */
  protocols: readonly number[];
  /** Address family of these. */
  family?: number;
  /** The same seed, the same packets. */
  seed: number;
}

/** By which name a router is known as a receiver. */
export const nameOf = ({ router }: Member): string => router.node.name;

/** The cast, and somebody who watches at each door: of every tunnel, its server, the routers, the node and what is around it. */
export class Scene {
  readonly cast: Cast;
  readonly traffic = new Traffic();
  readonly #random: () => number;
  #nextId = 1;

  static async create({ ipv6 = false, protocols, family, seed }: SceneOptions): Promise<Scene> {
    const scene = new Scene(await createCast({ ipv6 }), seed);
    const { gateway, tenants, pod, metadata, host } = scene.cast;
    const { traffic } = scene;
    for (const { name, namespace, members, state } of tenants) {
      traffic.add(`server of ${name}`, sniffAccepted(namespace, protocols, family));
      traffic.add(`door of ${name}`, sniff(namespace, state.interfaceName));
      for (const member of members)
        traffic.add(nameOf(member), sniff(namespaceOf(member.router.node), 'rt0'));
    }
    traffic.add('node', sniff(namespaceOf(gateway.node)));
    for (const node of [pod, metadata, host]) traffic.add(node.name, sniff(namespaceOf(node)));
    return scene;
  }

  private constructor(cast: Cast, seed: number) {
    this.cast = cast;
    this.#random = seeded(seed);
  }

  /** A packet with a number of its own, to be made. */
  draft(source: string, destination: string): Draft {
    return { id: this.#nextId++, source, destination, random: this.#random };
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  async close(): Promise<void> {
    this.traffic.close();
    await this.cast.gateway.destroy();
  }
}
