/** Two controllers, of which none, one or both lead. */
import { manyHistories } from './many.ts';

const WITH = [
  'leaders',
  'deaths',
  'weather',
  'stalls',
  'renewals',
  'pins of routers',
  'tunnels',
  'tunnels go',
];

manyHistories({ offset: 200_000, count: 800, topics: ({ name }) => WITH.includes(name) });
