/** What this process knows of its attempts to configure one router; lost with the process, rebuilt from the status. */
import type { RouterFacts } from '../routeros/index.ts';
import type { SessionOutcome } from './configuration-session.ts';
import type { Problem } from './problem.ts';

export interface ConfigurationRecord {
  readonly state: 'running' | 'done' | 'failed';
  /** metadata.generation that it was for. */
  readonly generation: number;
  /** {@link Link.arrivals} that it was for: a router that came back is looked at again. */
  readonly arrivals: number;
  /** Start of the first attempt of this need, monotonic ms. */
  readonly startedAt: number;
  /** In a row. */
  readonly failures: number;
  /** Of the last attempt, while it fails. */
  readonly failure: Problem | undefined;
  /** What the router said when it last answered. */
  readonly facts: RouterFacts | undefined;
  /** Number of the password that it took then; undefined: not known. */
  readonly revision?: number | undefined;
  /** When that was, wall ms; 0: never. */
  readonly answeredAt: number;
  /** Before this, no further attempt; monotonic ms. */
  readonly notBefore: number;
}

export type ConfigurationNeed = 'none' | 'first' | 'verify';

interface Round {
  generation: number;
  arrivals: number;
}

/** Whether the record is of attempts of this round that have not succeeded yet. */
const isOfRound = (record: ConfigurationRecord | undefined, round: Round): record is ConfigurationRecord =>
  record !== undefined &&
  record.state !== 'done' &&
  record.generation === round.generation &&
  record.arrivals === round.arrivals;

/** How long the next attempt is to wait, ms; whoever failed last waits, also when it was not the router's fault. */
export const restBefore = (
  record: ConfigurationRecord | undefined,
  round: Round,
  monotonic: number,
): number => (isOfRound(record, round) ? Math.max(0, record.notBefore - monotonic) : 0);

export function beginAttempt(
  record: ConfigurationRecord | undefined,
  round: Round,
  monotonic: number,
): ConfigurationRecord {
  const same = isOfRound(record, round);
  return {
    state: 'running',
    generation: round.generation,
    arrivals: round.arrivals,
    startedAt: same ? record.startedAt : monotonic,
    failures: same ? record.failures : 0,
    failure: same ? record.failure : undefined,
    facts: record?.facts,
    revision: record?.revision,
    answeredAt: record?.answeredAt ?? 0,
    notBefore: 0,
  };
}

export function attemptSucceeded(
  record: ConfigurationRecord,
  { facts, revision }: SessionOutcome,
  wall: number,
): ConfigurationRecord {
  return { ...record, state: 'done', failures: 0, failure: undefined, facts, revision, answeredAt: wall };
}

export function attemptFailed(
  record: ConfigurationRecord,
  failure: Problem,
  notBefore: number,
): ConfigurationRecord {
  return { ...record, state: 'failed', failures: record.failures + 1, failure, notBefore };
}
