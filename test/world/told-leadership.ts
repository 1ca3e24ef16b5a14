import type { Leadership } from '../../src/controller/leadership.ts';
import { settlesWithin } from '../../src/kube/deadline.ts';
import type { Clock } from '../../src/kube/index.ts';

const STOP_LIMIT_MS = 4000;

/** Leads when told to, whoever else does: a Lease that goes wrong in whatever way. */
export class ToldLeadership implements Leadership {
  readonly #clock: Clock;
  readonly #raised = Promise.withResolvers<void>();
  readonly #deposed = Promise.withResolvers<void>();
  #leads = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isLeader(): boolean {
    return this.#leads;
  }

  raise(): void {
    this.#leads = true;
    this.#raised.resolve();
  }

  depose(): void {
    this.#leads = false;
    this.#deposed.resolve();
  }

  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'> {
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    await Promise.race([this.#raised.promise, stopped]);
    if (signal.aborted) return 'stopped';
    const work = new AbortController();
    const leading = lead(work.signal);
    await Promise.race([leading, this.#deposed.promise, stopped]);
    work.abort();
    await settlesWithin(leading, STOP_LIMIT_MS, this.#clock);
    const outcome = this.#leads ? 'stopped' : 'lost';
    this.#leads = false;
    return outcome;
  }
}
