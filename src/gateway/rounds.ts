/** Work that is done over and over on a node, such as looking after something. */
import { type BackoffOptions, Controller, type Logger } from '../kube/index.ts';

export interface RoundsOptions {
  name: string;
  round: (signal: AbortSignal) => Promise<void>;
  /** Between two rounds, ms; spread by ±10 %, so that nodes do not march in step. */
  everyMs: number;
  random: () => number;
  logger: Logger;
  /** Of one round, ms. */
  timeoutMs?: number;
  backoff: BackoffOptions;
}

/** A controller of one key, {@link NODE}, for its backoff. It begins when that is enqueued; a round may be asked for at any time. */
export const rounds = ({
  name,
  round,
  everyMs,
  random,
  logger,
  timeoutMs,
  backoff,
}: RoundsOptions): Controller =>
  new Controller({
    name,
    reconcile: async (_key, { signal }) => {
      await round(signal);
      return { requeueAfterMs: everyMs * (0.9 + 0.2 * random()) };
    },
    logger,
    ...(timeoutMs !== undefined && { timeoutMs }),
    backoff,
  });

export const NODE = 'node';
