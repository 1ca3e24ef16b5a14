/** Histories that found a bug once: see docs/world.md. */
import { World } from '../world.ts';
import { FOUND } from './found.ts';

test.each(FOUND.map((found) => [found.bug, found] as const))('%s', async (_bug, { seed, steps, faults }) => {
  const { violation, journal } = await new World({ seed, ...(faults && { faults }) }).live(steps);
  if (violation !== undefined)
    throw new Error(`${violation.invariant}: ${violation.message}\n${journal.join('\n')}`);
});
