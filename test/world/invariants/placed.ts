/** 1. A tunnel stays on its node while that is there, or two nodes would answer for it. */
import { LABEL_GATEWAY } from '../../../src/api/index.ts';
import { isFresh } from '../../../src/controller/gateways.ts';
import { leases, nodes } from '../../../src/kube/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import { GATEWAYS } from '../crew.ts';
import { Violation } from '../violation.ts';
import { LONGEST_LAG_MS } from './times.ts';

export function tunnelsStay({ by, key, before, after }: Change, server: ApiServer, wall: number): void {
  const [from, to] = [before, after].map((object) => object?.metadata.labels?.[LABEL_GATEWAY]);
  if (by === 'people' || from === undefined || to === undefined || from === to) return;
  const lease = server.peek(leases, `${GATEWAYS}/gateway-${from}`);
  const isAlive = lease !== undefined && isFresh(lease, new Date(wall));
  const since = Date.parse(server.peek(nodes, from)?.metadata.creationTimestamp ?? '');
  // One that went and came back may be seen as gone for a while.
  if (!isAlive || !(since + LONGEST_LAG_MS < wall)) return;
  throw new Violation('1 placed', `${key} goes from ${from}, which is alive, to ${to}`);
}
