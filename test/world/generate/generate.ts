import type { Deed, History, Step } from '../steps.ts';
import { classDeed, remove, router } from './cast.ts';
import { Draw } from './draw.ts';
import { PEOPLE } from './people.ts';
import type { Topic } from './topic.ts';
import { TROUBLE } from './trouble.ts';

/** The world before its first step: one node, one class, one controller. */
const beginning: readonly Deed[] = [
  { do: 'node', name: 'n1', state: 'alive' },
  classDeed('standard', true),
  { do: 'duty', slot: 'A', duty: 'lead' },
];

const ALWAYS: readonly Topic[] = [
  { name: 'routers', share: 1, weight: 6, deeds: (draw) => [router(draw)] },
  { name: 'removals', share: 1, weight: 2, deeds: (draw) => [remove(draw, 'routers')] },
];

/** The order is part of what a seed means. */
export const TOPICS: readonly Topic[] = [...PEOPLE, ...TROUBLE];

/** A history by its seed. Each draws its own few sorts of steps, so that some do often what others never do. */
export function generate(seed: number, topics: readonly Topic[] = TOPICS): History {
  const draw = new Draw(seed);
  const drawn = topics.filter(({ share }) => draw.chance(share));
  const excluded = drawn.flatMap(({ excludes = [] }) => excludes);
  const chosen = drawn.filter(({ name }) => !excluded.includes(name));
  const count = draw.between(6, 45);
  const pace = draw.pick([0.3, 1, 1, 3]);
  const steps: Step[] = beginning.map((deed) => ({ after: 0, ...deed }));
  for (let i = 0; i < count; i++) {
    const topic = draw.weighted([...ALWAYS, ...chosen]);
    const after = Math.round(draw.pause() * pace);
    steps.push(...topic.deeds(draw).map((deed, at) => ({ after: at === 0 ? after : 0, ...deed })));
  }
  return { seed, steps };
}
