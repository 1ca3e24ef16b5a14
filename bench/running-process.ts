import type { OwnedProcess } from '../test/testbed/lifetime.ts';
import { waitFor } from '../test/testbed/wait.ts';
import { type Consumption, consumption } from './machine.ts';

/** Writes of a process to the API server by `verb resource`, e.g. `apply routers/status`. */
export type Writes = Record<string, number>;

const SAMPLE =
  /^tto_kube_request_seconds_count\{verb="([^"]*)",resource="([^"]*)",status="([^"]*)"\} (\S+)$/gm;
const READS = new Set(['get', 'list', 'watch']);

/** A process of the operator, and what its metrics say of it. */
export class RunningProcess {
  readonly #owned: OwnedProcess;
  readonly #url: string;

  constructor(owned: OwnedProcess, url: string) {
    this.#owned = owned;
    this.#url = url;
  }

  async untilReady(limitMs = 300_000): Promise<void> {
    await waitFor(
      `${this.#url} is ready`,
      async () => {
        const end = this.#owned.ended();
        if (end !== null) throw new Error(`The process ${end}:\n${this.#owned.logTail()}`);
        return (await fetch(`${this.#url}/readyz`).catch(() => undefined))?.ok === true;
      },
      limitMs,
    );
  }

  consumption(): Consumption {
    return consumption(this.#owned.pid);
  }

  /** Sum of a metric's samples that have all of these labels. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    let sum = 0;
    for (const line of (await this.#metrics()).split('\n')) {
      if (!line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) continue;
      if (Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`))) {
        sum += Number(line.slice(line.lastIndexOf(' ') + 1));
      }
    }
    return sum;
  }

  /** All writes since its start, Leases left out: they do not grow with the fleet. */
  async writes(): Promise<Writes> {
    const counts: Writes = {};
    for (const [, verb = '', resource = '', , count] of (await this.#metrics()).matchAll(SAMPLE)) {
      if (READS.has(verb) || resource === 'leases') continue;
      const key = `${verb} ${resource}`;
      counts[key] = (counts[key] ?? 0) + Number(count);
    }
    return counts;
  }

  stop(): Promise<void> {
    return this.#owned.stop(20_000);
  }

  async #metrics(): Promise<string> {
    // A connection that is kept may be closed by a busy process just as it is used again, which ended a run of minutes.
    return (await fetch(`${this.#url}/metrics`, { headers: { connection: 'close' } })).text();
  }
}

export function difference(after: Writes, before: Writes): Writes {
  const entries = Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

export const sum = (writes: Writes): number =>
  Object.values(writes).reduce((total, count) => total + count, 0);

/** Each count for one of so many. */
export const perOne = (writes: Writes, count: number): Writes =>
  Object.fromEntries(Object.entries(writes).map(([key, value]) => [key, value / count]));
