import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './logger.ts';

const LOOK_EVERY_MS = 10_000;
/** Share of the time in which the process works: below it, nobody notices a pause. */
const MOST_BUSY = 0.25;
const WORTHWHILE = 1.15;
const WORTHWHILE_BYTES = 32 * 1024 * 1024;

/** What is known when it is asked whether to collect garbage now; memory in resident bytes. */
export interface MemoryUse {
  now: number;
  /** After the last time; 0 before the first. */
  afterLast: number;
  /** Share of the last while in which the event loop was at work, 0 to 1. */
  busy: number;
}

export const isWorthTidying = ({ now, afterLast, busy }: MemoryUse): boolean =>
  busy < MOST_BUSY && now > afterLast * WORTHWHILE && now > afterLast + WORTHWHILE_BYTES;

/**
 * Collects garbage in quiet times. Under load V8 lets it grow, which is right; but afterwards it is in no hurry, keeps
 * the pages, and a process that needs 250 MiB stands at 550 for hours. The pause is about 2 ms for each MiB that lives.
 * Ends with the signal.
 */
export function tidyMemory(
  logger: Pick<Logger, 'debug'>,
  signal: AbortSignal,
  { clock = systemClock, busy = busyShare() }: { clock?: Pick<Clock, 'after'>; busy?: () => number } = {},
): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let afterLast = 0;
  let cancel = (): void => {};
  const look = (): void => {
    const now = process.memoryUsage.rss();
    if (isWorthTidying({ now, afterLast, busy: busy() })) {
      const began = performance.now();
      collect();
      afterLast = process.memoryUsage.rss();
      logger.debug({ before: now, after: afterLast, ms: performance.now() - began }, 'Collected garbage');
    }
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  cancel = clock.after(LOOK_EVERY_MS, look);
  signal.addEventListener('abort', () => cancel(), { once: true });
}

/** Since it was last asked. */
function busyShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const { utilization } = performance.eventLoopUtilization(last);
    last = performance.eventLoopUtilization();
    return utilization;
  };
}
