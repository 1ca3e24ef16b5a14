import { jest } from '@jest/globals';
import { explained } from '../explained.ts';
import { generate, TOPICS } from '../generate/generate.ts';
import type { Topic } from '../generate/topic.ts';
import { shrunk } from '../shrink.ts';
import type { History } from '../steps.ts';
import { lived } from '../world.ts';

jest.setTimeout(120_000);

/** Another number, another search: `WORLD_SEED=…`. */
const BASE = Number(process.env.WORLD_SEED ?? 1);
/** Histories that end up in one test: few enough that a broken one is not waited for. */
const BATCH = 100;

export interface Many {
  /** Sets the seeds of these apart from others'. */
  offset: number;
  count: number;
  /** Which sorts of steps there are; default all. */
  topics?: (topic: Topic) => boolean;
  /** Out of which; default those of tunnels and routers. */
  of?: readonly Topic[];
  /** What becomes of each; default: it stays as it is generated. */
  change?: (history: History) => History;
}

/** Tests that live so many histories each; one that is broken is told, made small. */
export function manyHistories({
  offset,
  count,
  topics = () => true,
  of = TOPICS,
  change = (same) => same,
}: Many): void {
  const chosen = of.filter(topics);
  const first = BASE + offset;
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, at) => first + at * BATCH);
  test.each(batches)(`${BATCH} histories from seed %i`, async (seed) => {
    for (let at = seed; at < seed + BATCH; at++) {
      const history = change(generate(at, chosen));
      if ((await lived(history)).violation === undefined) continue;
      const small = await shrunk(history, lived);
      throw new Error(explained(small, await lived(small, { isLoud: true })));
    }
  });
}
