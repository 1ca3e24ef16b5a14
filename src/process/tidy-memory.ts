import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import koffi from 'koffi';
import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './logger.ts';

const LOOK_EVERY_MS = 10_000;
/** Share of the time in which the process works: below it, nobody notices a pause. */
const MOST_BUSY = 0.25;
const WORTHWHILE = 1.1;
const WORTHWHILE_BYTES = 24 * 1024 * 1024;
/** So that what the collecting itself costs is below one per cent. */
const LEAST_BETWEEN_MS = 60_000;
/** What lived at the last time may be garbage by now, and that shows nowhere: without growth it is looked for after so long. */
const UNASKED_MS = 5 * 60_000;
const UNASKED_AT_MOST_MS = 4 * 3_600_000;

/** What is known when it is asked whether to collect garbage now; memory in resident bytes. */
export interface MemoryUse {
  now: number;
  /** After the last time; 0 before the first. */
  afterLast: number;
  sinceLastMs: number;
  /** Share of the last while in which the event loop was at work, 0 to 1. */
  busy: number;
  /** It is collected after so long even if nothing has grown. */
  unaskedMs: number;
}

export const isWorthTidying = ({ now, afterLast, sinceLastMs, busy, unaskedMs }: MemoryUse): boolean =>
  busy < MOST_BUSY && sinceLastMs >= LEAST_BETWEEN_MS && (sinceLastMs >= unaskedMs || isMuch(afterLast, now));

/** How long to wait for the next time that nothing asks for, after one that brought memory from `before` to `after`. */
export const nextUnaskedMs = (unaskedMs: number, before: number, after: number): number =>
  isMuch(after, before) ? UNASKED_MS : Math.min(unaskedMs * 2, UNASKED_AT_MOST_MS);

const isMuch = (less: number, more: number): boolean =>
  more > less * WORTHWHILE && more > less + WORTHWHILE_BYTES;

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
  const collect = runInNewContext('gc') as (options: object) => void;
  const giveBackFreed = trimmer();
  let afterLast = 0;
  let last = Number.NEGATIVE_INFINITY;
  let unaskedMs = UNASKED_MS;
  let cancel = (): void => {};
  const look = (): void => {
    const now = process.memoryUsage.rss();
    const began = performance.now();
    if (isWorthTidying({ now, afterLast, sinceLastMs: began - last, busy: busy(), unaskedMs })) {
      // Any other flavor leaves the emptied pages where they are.
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      giveBackFreed(0);
      last = began;
      afterLast = process.memoryUsage.rss();
      unaskedMs = nextUnaskedMs(unaskedMs, now, afterLast);
      logger.debug({ before: now, after: afterLast, ms: performance.now() - began }, 'Collected garbage');
    }
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  cancel = clock.after(LOOK_EVERY_MS, look);
  signal.addEventListener('abort', () => cancel(), { once: true });
}

/** Gives back what glibc holds of freed memory between pieces in use; another C library may have no such call. */
function trimmer(): (pad: number) => void {
  try {
    return koffi.load(null).func('int malloc_trim(size_t pad)');
  } catch {
    return () => {};
  }
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
