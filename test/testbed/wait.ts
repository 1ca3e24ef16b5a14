import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds. @throws with `what` when it does not within the limit. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean> | boolean,
  limitMs = 30_000,
): Promise<void> {
  for (const limit = Date.now() + limitMs; Date.now() < limit; await sleep(50)) {
    if (await condition()) return;
  }
  throw new Error(`Not within ${limitMs} ms: ${what}.`);
}
