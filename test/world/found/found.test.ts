/** Histories that found a bug once: see docs/world.md. */
import { jest } from '@jest/globals';
import { explained } from '../explained.ts';
import { lived } from '../world.ts';
import { FOUND } from './found.ts';

jest.setTimeout(120_000);

test.each(FOUND.map((found) => [found.bug, found] as const))('%s', async (_bug, history) => {
  const outcome = await lived(history, { isLoud: true });
  if (outcome.violation !== undefined) throw new Error(explained(history, outcome));
});
