import { TOPICS } from '../generate/generate.ts';
import type { Topic } from '../generate/topic.ts';

const NAMES = [
  'tunnels',
  'renewals',
  'suspensions',
  'connections',
  'lost statuses',
  'weather',
  'leaders',
  'deaths',
  'stalls',
  'watches',
];

/** What goes on around routers whatever a history is about: tunnels, connections, leaders and processes that change. */
export const SURROUNDINGS: readonly Topic[] = TOPICS.filter(({ name }) => NAMES.includes(name));
