import { type PingCount, PingStream } from '../processes/ping-stream.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { report } from './report.ts';
import type { ClusterWorld } from './world.ts';

/** RouterOS versions that a fleet has, by turns. */
const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.24'];
/** Each boots a router with namespaces and WireGuard of its own. */
const AT_ONCE = 4;

/** What happened to all tunnels in a time of trouble. */
export interface Outage {
  sent: number;
  lost: number;
  /** Of the router that lost most. */
  mostLost: number;
  longestGapMs: number;
  /** Routers that lost at least one packet. */
  disturbed: number;
}

/** Many routers of several tenants, brought Online once; nothing is ever pasted again. */
export class Fleet {
  readonly keys: readonly string[];
  readonly machines = new Map<string, SimulatedRouter>();
  readonly #world: ClusterWorld;

  /** `perTenant` routers `r0`, `r1` … of each tenant. */
  constructor(world: ClusterWorld, tenants: readonly string[], perTenant: number) {
    this.#world = world;
    this.keys = tenants.flatMap((tenant) => Array.from({ length: perTenant }, (_, i) => `${tenant}/r${i}`));
  }

  /** Apply, plug in, paste, Online: each of them. */
  async bringOnline(): Promise<void> {
    const waiting = this.keys.map((key, i) => [key, VERSIONS[i % VERSIONS.length] ?? ''] as const);
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [key, version] = next;
        this.machines.set(key, await this.#world.bringOnline(key, version));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  machine(key: string): SimulatedRouter {
    const machine = this.machines.get(key);
    if (machine === undefined) throw new Error(`There is no router ${key} in the field.`);
    return machine;
  }

  server(key: string): string {
    const { tunnel = '' } = this.#world.router(key).status ?? {};
    return this.#world.tunnel(tunnel).status?.serverAddress ?? '';
  }

  /**
   * Every router pings its server ten times a second while `trouble` goes on; shows what was lost.
   * @throws when the tunnel of a router is still dead a minute later.
   */
  async whilePinging(topic: string, trouble: () => Promise<unknown>): Promise<Outage> {
    const streams = this.keys.map((key) => new PingStream(this.machine(key).netns, this.server(key)));
    try {
      await Promise.all(streams.map((stream) => stream.isAnswered()));
      const began = performance.now();
      await trouble();
      const tookMs = performance.now() - began;
      const counts = await Promise.all(streams.map((stream) => stream.stop()));
      return reported(topic, summed(counts), tookMs);
    } finally {
      for (const stream of streams) stream.end();
    }
  }

  /** Waits until the API says so of each, and sees each answer. */
  async allOnline(limitMs = 60_000): Promise<void> {
    await Promise.all(this.keys.map((key) => this.#world.untilPhase(key, 'Online', limitMs)));
  }

  /** Waits until nothing that stood in a script is let in any more. */
  async settled(): Promise<void> {
    await Promise.all(
      this.keys.map(async (key) => {
        try {
          await this.#world.untilUsed(key);
        } catch (cause) {
          const lines = (await this.#world.logs('gateway', 'agent')).split('\n');
          const said = lines.filter((line) => line.includes(`"${key}"`)).slice(-10);
          throw new Error(`${(cause as Error).message} The agent: ${said.join('\n')}`, { cause });
        }
      }),
    );
  }

  /** What a router in the field was given, which may never change. */
  given(): Map<string, string> {
    return new Map(
      this.keys.map((key) => {
        const { address, tunnel } = this.#world.router(key).status ?? {};
        const { publicKey: server, listenPort } = this.#world.tunnel(tunnel ?? '').status ?? {};
        return [key, `${address} ${server} ${listenPort}`];
      }),
    );
  }

  /** Their own, which never change once they are {@link settled}. */
  publicKeys(): Map<string, string | undefined> {
    return new Map(this.keys.map((key) => [key, this.#world.router(key).status?.publicKey]));
  }
}

function summed(counts: readonly PingCount[]): Outage {
  const total = (figure: (count: PingCount) => number) => counts.reduce((sum, one) => sum + figure(one), 0);
  return {
    sent: total(({ sent }) => sent),
    lost: total(({ lost }) => lost),
    mostLost: Math.max(...counts.map(({ lost }) => lost)),
    longestGapMs: Math.max(...counts.map(({ longestGapMs }) => longestGapMs)),
    disturbed: counts.filter(({ lost }) => lost > 0).length,
  };
}

function reported(topic: string, outage: Outage, tookMs: number): Outage {
  const { sent, lost, mostLost, longestGapMs, disturbed } = outage;
  const line = [
    `${sent} packets in ${(tookMs / 1000).toFixed(1)} s, ${lost} lost`,
    `at most ${mostLost} a router, longest gap ${(longestGapMs / 1000).toFixed(1)} s`,
    `${disturbed} routers disturbed`,
  ].join('; ');
  report(topic, line, { sent, lost, mostLost, longestGapMs, disturbed, tookMs: Math.round(tookMs) });
  return outage;
}
