import type { Row } from '../engine/index.ts';
import { seconds } from './linux/desired.ts';
import { isOn } from './linux/interfaces.ts';

export interface SchedulerOptions {
  rows: () => readonly Row[];
  /** Runs a script with such policies to its end, or until the power goes. */
  run: (script: string, policies: string, signal: AbortSignal) => Promise<void>;
}

const LOOK_MS = 500;
/** After the console starts (manual, Scheduler). */
const STARTUP_MS = 3_000;

/** Runs the entries of /system/scheduler whose start-time is `startup`, at the start and then each interval. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  /** `.id` of an entry → when it is to run next, ms. */
  readonly #next = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #stop = new AbortController();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** The router was switched on. */
  start(): void {
    this.#stop = new AbortController();
    this.#next.clear();
    for (const row of this.#rows()) this.#next.set(row['.id'] ?? '', Date.now() + STARTUP_MS);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  #rows(): Row[] {
    return this.#options.rows().filter((row) => isOn(row) && row['start-time'] === 'startup');
  }

  #look(): void {
    for (const row of this.#rows()) {
      const id = row['.id'] ?? '';
      const interval = seconds(row.interval ?? '') * 1000;
      const next = this.#next.get(id);
      if (next === undefined && interval > 0) this.#next.set(id, Date.now() + interval);
      if (next === undefined || Date.now() < next) continue;
      this.#next.set(id, interval > 0 ? Date.now() + interval : Number.POSITIVE_INFINITY);
      void this.#options.run(row['on-event'] ?? '', row.policy ?? '', this.#stop.signal).catch(() => {});
    }
  }
}
