import type { World } from './types.ts';

/** By the global timer, which a test may hold still; rejects when the power goes. */
export function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const gone = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', gone);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', gone, { once: true });
  });
}

/** A world in which time passes, no name is known, and nobody answers. */
export const restingWorld = (signal: AbortSignal): World => ({
  delay: (milliseconds) => rest(milliseconds, signal),
  resolve: async () => undefined,
  ping: async () => 0,
});
