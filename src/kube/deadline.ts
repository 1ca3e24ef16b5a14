import type { Clock } from './clock.ts';

/** A signal with a time limit of its own; dispose of it when the work is done. */
export interface LimitedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts with the reason of `outer`, or after `ms` with a DOMException named TimeoutError. Leaves nothing behind
 * on `outer` once disposed of, which AbortSignal.any leaves to the garbage collector.
 */
export function limitSignal(outer: AbortSignal | undefined, ms: number, clock: Clock): LimitedSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop, { once: true });
  const cancel = clock.after(ms, () => {
    controller.abort(new DOMException(`Not done within ${ms} ms.`, 'TimeoutError'));
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      cancel();
      outer?.removeEventListener('abort', stop);
    },
  };
}

/** Whether `work` settled within `ms`; its failure counts as settled and is not thrown. */
export async function settlesWithin(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = clock.after(ms, () => late.resolve(false));
  try {
    const settled = work.then(
      () => true,
      () => true,
    );
    return await Promise.race([settled, late.promise]);
  } finally {
    cancel();
  }
}
