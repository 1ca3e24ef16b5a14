/** What /metrics says of the relay. No label comes from a caller. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ReviewOutcome } from './reviews.ts';

export interface RelayMetricsOptions {
  registry: Registry;
  isUp: () => boolean;
  streams: () => number;
  /** Unix ms; undefined without a certificate. */
  certificateExpires: () => number | undefined;
}

export class RelayMetrics {
  readonly #requests: Counter<'status'>;
  readonly #opening: Histogram;
  readonly #bytes: Counter<'direction'>;
  readonly #reviews: Counter<'review' | 'outcome'>;

  constructor({ registry, isUp, streams, certificateExpires }: RelayMetricsOptions) {
    const registers = [registry];
    new Gauge({
      name: 'tto_relay_up',
      help: '1 while the relay listens.',
      registers,
      collect() {
        this.set(isUp() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'tto_relay_streams',
      help: 'Connections to routers through the relay that are open.',
      registers,
      collect() {
        this.set(streams());
      },
    });
    new Gauge({
      name: 'tto_relay_certificate_expiry_timestamp_seconds',
      help: 'Unix time at which the certificate of the relay ends; 0 without one.',
      registers,
      collect() {
        this.set((certificateExpires() ?? 0) / 1_000);
      },
    });
    this.#requests = new Counter({
      name: 'tto_relay_requests_total',
      help: 'Requests to the relay by the HTTP status that it answered with; 200 is a connection that was opened.',
      labelNames: ['status'],
      registers,
    });
    this.#opening = new Histogram({
      name: 'tto_relay_opening_seconds',
      help: 'Time from a request to an open connection to its router.',
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    this.#bytes = new Counter({
      name: 'tto_relay_bytes_total',
      help: 'Bytes through the relay by direction: to_router, from_router.',
      labelNames: ['direction'],
      registers,
    });
    this.#reviews = new Counter({
      name: 'tto_relay_reviews_total',
      help: 'Looks at who a caller is (token) and what it may (access), by outcome; only remembered ones ask nobody.',
      labelNames: ['review', 'outcome'],
      registers,
    });
  }

  answered(status: number): void {
    this.#requests.inc({ status: String(status) });
  }

  opened(seconds: number): void {
    this.#opening.observe(seconds);
  }

  bytes(direction: 'to_router' | 'from_router', count: number): void {
    this.#bytes.inc({ direction }, count);
  }

  reviewed(review: 'token' | 'access', outcome: ReviewOutcome): void {
    this.#reviews.inc({ review, outcome });
  }
}
