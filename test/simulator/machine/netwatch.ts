import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../engine/index.ts';
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
  readonly #due = new Map<string, number>();
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: NetwatchOptions) {
    this.#options = options;
  }

  /** The router was switched on. */
  start(): void {
    this.#due.clear();
    for (const row of this.#options.rows()) this.#plan(row, row['startup-delay']);
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
      for (const id of this.#due.keys()) if (!rows.some((row) => row['.id'] === id)) this.#due.delete(id);
      for (const row of rows) {
        const due = this.#due.get(row['.id'] ?? '');
        if (due === undefined) this.#plan(row, row['start-delay']);
        else if (due <= performance.now()) {
          await this.#probe(row, signal);
          this.#plan(row, row.interval);
        }
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  #plan(row: Row, after = '0s'): void {
    this.#due.set(row['.id'] ?? '', performance.now() + seconds(after) * 1000);
  }

  async #probe(row: Row, signal: AbortSignal): Promise<void> {
    const { answers, run, observe } = this.#options;
    const isUp = await answers(row.host ?? '', seconds(row.timeout ?? '') * 1000, signal);
    if (signal.aborted) return;
    const status = isUp ? 'up' : 'down';
    const changed = status === row.status ? '' : (row[`${status}-script`] ?? '');
    observe(row['.id'] ?? '', status);
    for (const script of [changed, row['test-script'] ?? '']) if (script !== '') await run(script, signal);
  }
}
