import { Counter, Histogram, type Registry } from 'prom-client';
import type { ScrapedMetric } from '../../process/index.ts';
import { scrapedGauge } from '../../process/index.ts';
import type { LookOutcome } from './look-outcome.ts';

/** What brought a look about. */
export type FoundBy = 'listening' | 'looking';

/** Of looks at what routers have of their profiles; no label is a router's or a profile's own. */
export class ProfileMetrics {
  readonly #looks: Histogram<'outcome'>;
  readonly #drift: Counter<'action' | 'found_by'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#looks = new Histogram({
      name: 'tto_gateway_profile_look_seconds',
      help: 'Time of one look at what a router has of its profiles, by outcome: unchanged, changed (something was set), drifted (only reported), planned (a dry run alone), failed (a profile could not be applied), undone (a change cut the router off and was undone), unreachable (the session did not come to an end).',
      labelNames: ['outcome'],
      buckets: [0.05, 0.2, 1, 5, 15, 60, 180],
      registers,
    });
    this.#drift = new Counter({
      name: 'tto_gateway_profile_drift_total',
      help: 'Looks that found something changed on a router that had what it should, by action (repaired, reported) and by what found it (listening, looking).',
      labelNames: ['action', 'found_by'],
      registers,
    });
  }

  looked(outcome: LookOutcome, seconds: number): void {
    this.#looks.observe({ outcome }, seconds);
  }

  drifted(action: 'repaired' | 'reported', foundBy: FoundBy): void {
    this.#drift.inc({ action, found_by: foundBy });
  }
}

export const listenedGauge = (count: () => number): ScrapedMetric =>
  scrapedGauge(
    'tto_gateway_listened_routers',
    'Routers with profiles that are listened to for changes.',
    count,
  );
