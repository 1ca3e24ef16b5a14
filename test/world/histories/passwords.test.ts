/** Fresh scripts and other passwords asked for, while routers connect, leaders change, processes die and objects are lost. */
import { PASSWORD_TOPICS, TOPICS } from '../generate.ts';
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
  count: 300,
  of: [...PASSWORD_TOPICS, ...TOPICS.filter(({ name }) => WITH.includes(name))],
});
