/** Classes that name pools for IPv6, which overlap, change and go. */
import { withIpv6 } from '../ipv6.ts';
import { manyHistories } from './many.ts';

manyHistories({ offset: 600_000, count: 300, change: withIpv6 });
