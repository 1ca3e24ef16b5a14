import { generate, TOPICS } from '../generate/generate.ts';
import type { Topic } from '../generate/topic.ts';
import type { History } from '../steps.ts';
import { lived } from '../world.ts';
import type { Mutant } from './mutants.ts';

/** The first seed that finds a bug, and by which invariant. */
export async function found(
  within: number,
  meddle: Mutant = (client) => client,
  topics: readonly Topic[] = TOPICS,
  change: (history: History) => History = (same) => same,
): Promise<{ seed: number; invariant: string } | undefined> {
  for (let seed = 1; seed <= within; seed++) {
    const { violation } = await lived(change(generate(seed, topics)), { meddle });
    if (violation !== undefined) return { seed, invariant: violation.invariant };
  }
  return undefined;
}
