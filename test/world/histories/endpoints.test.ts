/** Classes with endpoint modes that change, nodes that come and go, hands on Services. */
import { withEndpoints } from '../endpoints.ts';
import { manyHistories } from './many.ts';

manyHistories({ offset: 400_000, count: 500, change: withEndpoints });
