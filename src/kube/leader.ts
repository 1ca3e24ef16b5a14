import type { KubeApi } from './api.ts';
import { type Lease, leases } from './builtin.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { settlesWithin } from './deadline.ts';
import { isApiError, KubeError } from './errors.ts';
import { heldSpec, mayTake, type ObservedLease, observe, releasedSpec } from './lease-record.ts';
import type { Logger } from './logger.ts';

export interface LeaderElectorOptions {
  client: Pick<KubeApi, 'get' | 'create' | 'update'>;
  lease: { namespace: string; name: string };
  /** Different for each process that ever runs, e.g. the pod's name and a random part. */
  identity: string;
  logger: Logger;
  /** Others take over when the lease has not changed for so long; default 15 s. */
  leaseDurationMs?: number;
  /** The leader stops by itself when it could not renew for so long; default 10 s. */
  renewDeadlineMs?: number;
  /** Between renewals; default 2 s. */
  retryPeriodMs?: number;
  /** Between looks of one that waits: so long nobody leads when a leader has released the lease; default 1 s. */
  standbyPeriodMs?: number;
  /** How long `lead` may take to end; default 4 s. */
  stopLimitMs?: number;
  clock?: Clock;
  random?: () => number;
}

/**
 * Leadership by a Lease, with client-go's rules and times. It is not fencing: a write under way when leadership
 * ends may still land. So each write carries a precondition, and is sent only while {@link isLeader} holds, which
 * asks the clock and not a timer: timers are late after a stalled event loop.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #observed: ObservedLease | undefined;
  #leading = false;
  /** Monotonic time at which the last successful renewal was sent. */
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectorOptions) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > 1.2 * retryPeriodMs && retryPeriodMs > 0)) {
      throw new KubeError(
        'InvalidOptions',
        'Leader election needs lease duration > renew deadline > 1.2 × retry period > 0.',
      );
    }
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger;
    this.#leaseDurationMs = leaseDurationMs;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#retryPeriodMs = retryPeriodMs;
  }

  /** False by itself once the last renewal is older than the renew deadline. */
  isLeader(): boolean {
    return this.#leading && this.#remainingMs() > 0;
  }

  /** Who held the lease when it was last read. */
  get holder(): string | undefined {
    return this.#observed?.lease.spec?.holderIdentity || undefined;
  }

  /**
   * Waits for the lease, then runs `lead`, whose signal is aborted when the lease is lost or `signal` is. Releases
   * the lease only when `lead` has ended, so that nobody else begins before. `lost`: end the process, since work
   * may be left behind. Rejects with what `lead` rejects with.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'> {
    if (!(await this.#acquire(signal))) return 'stopped';
    const { identity, lease, stopLimitMs = 4000 } = this.#options;
    this.#logger.info({ lease, identity }, 'This process leads.');
    const work = new AbortController();
    const renewing = new AbortController();
    const end = () => renewing.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const leading = (async () => lead(work.signal))();
    leading.then(end, end);
    const kept = await this.#renew(renewing.signal);
    if (!kept) this.#logger.error({ lease, identity, holder: this.holder }, 'Lost the lease: work stops.');
    work.abort();
    const ended = await this.#settles(leading, kept, stopLimitMs);
    signal.removeEventListener('abort', end);
    if (ended && kept && this.isLeader()) await this.#release();
    this.#leading = false;
    if (ended) await leading;
    return kept ? 'stopped' : 'lost';
  }

  /** Renews on while the work ends, if there is something left to renew. */
  async #settles(leading: Promise<void>, kept: boolean, limitMs: number): Promise<boolean> {
    const ending = new AbortController();
    const renewing = kept ? this.#renew(ending.signal) : undefined;
    const ended = await settlesWithin(leading, limitMs, this.#clock);
    ending.abort();
    await renewing;
    if (!ended) this.#logger.warn({ limitMs }, 'Work did not end in time; the lease is left to expire.');
    return ended;
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { random = Math.random, standbyPeriodMs = 1_000 } = this.#options;
    while (!signal.aborted) {
      if (await this.#tryHold(signal, this.#renewDeadlineMs)) return true;
      // Spread, so that standbys do not race on one beat.
      await sleep(this.#clock, standbyPeriodMs * (1 + 0.2 * random()), signal);
    }
    return false;
  }

  /** Renews until the signal (true) or until the lease is lost (false). */
  async #renew(signal: AbortSignal): Promise<boolean> {
    while (true) {
      await sleep(this.#clock, Math.min(this.#retryPeriodMs, Math.max(this.#remainingMs(), 0)), signal);
      if (signal.aborted) return this.isLeader();
      if (this.#remainingMs() <= 0) return this.#lose();
      // A third of the deadline for one try: a hung connection must not eat the whole of it.
      const limitMs = Math.min(this.#remainingMs(), this.#renewDeadlineMs / 3);
      if (await this.#tryHold(signal, limitMs)) continue;
      const { holder } = this;
      if (holder !== undefined && holder !== this.#options.identity) return this.#lose();
    }
  }

  #lose(): false {
    this.#leading = false;
    return false;
  }

  #remainingMs(): number {
    return this.#renewedAt + this.#renewDeadlineMs - this.#clock.monotonic();
  }

  /** One try to take or renew the lease; never throws. */
  async #tryHold(signal: AbortSignal, limitMs: number): Promise<boolean> {
    const { client, lease: name, identity } = this.#options;
    const me = { identity, leaseDurationMs: this.#leaseDurationMs };
    const options = { signal, timeoutMs: Math.max(Math.ceil(limitMs), 1) };
    const deadline = this.#clock.monotonic() + limitMs;
    try {
      let lease = this.#leading ? this.#observed?.lease : undefined;
      if (lease === undefined) {
        lease = await client.get(leases, name, options);
        if (lease !== undefined) this.#observed = observe(this.#observed, lease, this.#clock.monotonic());
      }
      const now = this.#clock.monotonic();
      if (now > deadline) return false;
      if (this.#observed !== undefined && lease !== undefined && !mayTake(this.#observed, me, now))
        return false;
      const spec = heldSpec(lease?.spec, me, this.#clock.wall());
      const written =
        lease === undefined
          ? await client.create(leases, { metadata: { ...name }, spec }, options)
          : await client.update(leases, { ...lease, spec }, options);
      this.#hold(written, now);
      return this.#remainingMs() > 0;
    } catch (error) {
      if (signal.aborted) return false;
      if (isApiError(error, 'Conflict', 'AlreadyExists', 'NotFound')) await this.#reread(options);
      else this.#logger.warn({ err: error, lease: name }, 'Could not take or renew the lease; trying again.');
      return false;
    }
  }

  /** A renewal counts from when it was sent: others count from when they saw it, which is later. */
  #hold(written: Lease, sentAt: number): void {
    this.#observed = observe(this.#observed, written, this.#clock.monotonic());
    this.#renewedAt = sentAt;
    this.#leading = true;
  }

  /** Somebody wrote in between, or our own write went through and its reply was lost. */
  async #reread(options: { signal: AbortSignal; timeoutMs: number }): Promise<void> {
    try {
      const lease = await this.#options.client.get(leases, this.#options.lease, options);
      this.#observed = lease && observe(this.#observed, lease, this.#clock.monotonic());
    } catch {
      // The next try reads again.
    }
  }

  async #release(): Promise<void> {
    const { client, lease: name, identity } = this.#options;
    const options = { timeoutMs: 1000 };
    try {
      // Read, since a renewal that was called off may have gone through.
      const lease = await client.get(leases, name, options);
      if (lease?.spec?.holderIdentity !== identity || !this.isLeader()) return;
      await client.update(leases, { ...lease, spec: releasedSpec(lease.spec, this.#clock.wall()) }, options);
      this.#logger.info({ lease: name }, 'Released the lease.');
    } catch (error) {
      this.#logger.warn({ err: error, lease: name }, 'Could not release the lease; it will expire.');
    }
  }
}
