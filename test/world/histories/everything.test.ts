/** Whatever there is. */
import { manyHistories } from './many.ts';

manyHistories({ offset: 300_000, count: 1200 });
