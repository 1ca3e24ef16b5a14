import type { Row } from '../engine/index.ts';
import { rest } from '../engine/rest.ts';
import { seconds } from './linux/desired.ts';
import { isOn } from './linux/interfaces.ts';

export interface NetwatchOptions {
  rows: () => readonly Row[];
  /** Whether the host answers within so many ms. */
  answers: (host: string, timeoutMs: number, signal: AbortSignal) => Promise<boolean>;
  /** Runs a script to its end, or until the power goes. */
  run: (script: string, signal: AbortSignal) => Promise<void>;
  observe: (id: string, status: 'up' | 'down') => void;
}

const LOOK_MS = 100;

/** What runs the entries of /tool/netwatch while the router is on. */
export class Netwatch {
  readonly #options: NetwatchOptions;
  /** `.id` of an entry → since when it waits, and for which of its times. */
  readonly #waits = new Map<string, { since: number; time: 'startup-delay' | 'start-delay' | 'interval' }>();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: NetwatchOptions) {
    this.#options = options;
  }

  /** The router was switched on. */
  start(): void {
    this.#waits.clear();
    for (const row of this.#options.rows()) this.#wait(row, 'startup-delay');
    this.#stop = new AbortController();
    this.#running = this.#watch(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rows = this.#options.rows().filter(isOn);
      for (const id of this.#waits.keys()) if (!rows.some((row) => row['.id'] === id)) this.#waits.delete(id);
      for (const row of rows) {
        const wait = this.#waits.get(row['.id'] ?? '');
        if (wait === undefined) this.#wait(row, 'start-delay');
        else if (performance.now() - wait.since >= seconds(row[wait.time] ?? '') * 1000) {
          await this.#probe(row, signal);
          this.#wait(row, 'interval');
        }
      }
      await rest(LOOK_MS, signal).catch(() => {});
    }
  }

  #wait(row: Row, time: 'startup-delay' | 'start-delay' | 'interval'): void {
    this.#waits.set(row['.id'] ?? '', { since: performance.now(), time });
  }

  async #probe(row: Row, signal: AbortSignal): Promise<void> {
    const { rows, answers, run, observe } = this.#options;
    const isUp = await answers(row.host ?? '', seconds(row.timeout ?? '') * 1000, signal);
    // Whoever takes an entry away does not wait for its probe.
    if (signal.aborted || !rows().some(({ '.id': id }) => id === row['.id'])) return;
    const status = isUp ? 'up' : 'down';
    const changed = status === row.status ? '' : (row[`${status}-script`] ?? '');
    observe(row['.id'] ?? '', status);
    for (const script of [changed, row['test-script'] ?? '']) if (script !== '') await run(script, signal);
  }
}
