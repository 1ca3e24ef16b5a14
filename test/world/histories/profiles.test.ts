/** Profiles that are rolled out, values of Secrets, leaders that change, people who do this and that meanwhile. */
import { PROFILE_TOPICS, TOPICS } from '../generate.ts';
import { manyHistories } from './many.ts';

const WITH = [
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

manyHistories({
  offset: 500_000,
  count: 400,
  of: [...PROFILE_TOPICS, ...TOPICS.filter(({ name }) => WITH.includes(name))],
});
