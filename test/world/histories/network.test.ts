/** One controller that is killed at any write, stale caches, lost replies, an API server that is away. */
import { manyHistories } from './many.ts';

manyHistories({ offset: 100_000, count: 800, topics: ({ name }) => name !== 'leaders' });
