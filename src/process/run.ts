import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './logger.ts';

export interface RunOptions {
  logger: Pick<Logger, 'info' | 'error' | 'fatal'>;
  /** For the orderly end after the first signal; default 5 s. */
  limitMs?: number;
  clock?: Pick<Clock, 'after'>;
  /** Where signals and stray errors come from, and what ends the process; default: `process` itself. */
  host?: ProcessHost;
}

/** The part of `process` that is used here. */
export interface ProcessHost {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;

/**
 * Runs the work of a process until it is told to stop.
 *
 * - first SIGTERM or SIGINT: the work's signal is aborted; it has `limitMs` to end, then exit code 0
 * - the limit passes: exit code 1
 * - a second signal: ends at once, with 128 + the signal's number, as a shell would say it
 * - the work ends by itself: 0; rejects: 1
 * - an unhandled rejection or exception: 1; what state the process is in is then unknown, and Kubernetes restarts it
 */
export async function runUntilSignal(
  work: (signal: AbortSignal) => Promise<void>,
  { logger, limitMs = 5_000, clock = systemClock, host = process as ProcessHost }: RunOptions,
): Promise<void> {
  const stop = new AbortController();
  let cancelLimit = (): void => {};
  const listeners: [event: string, listener: (argument: unknown) => void][] = [];
  const listen = (event: string, listener: (argument: unknown) => void): void => {
    listeners.push([event, listener]);
    host.on(event, listener);
  };

  for (const [name, number] of Object.entries(SIGNALS)) {
    listen(name, () => {
      if (stop.signal.aborted) {
        logger.error({ signal: name }, 'Told to stop twice: ending at once');
        host.exit(128 + number);
        return;
      }
      logger.info({ signal: name, limitMs }, 'Stopping');
      cancelLimit = clock.after(limitMs, () => {
        logger.error({ limitMs }, 'Did not stop in time: ending at once');
        host.exit(1);
      });
      stop.abort();
    });
  }
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    listen(event, (error) => {
      logger.fatal({ err: error }, `Ending because of an ${event}`);
      host.exit(1);
    });
  }

  let code = 0;
  try {
    await work(stop.signal);
    logger.info({}, 'Stopped');
  } catch (error) {
    logger.fatal({ err: error }, 'Ending because of an error');
    code = 1;
  }
  cancelLimit();
  for (const [event, listener] of listeners) host.off(event, listener);
  host.exit(code);
}
