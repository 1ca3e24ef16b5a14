/** A Router as the gateway's plans see it, and what they make of it. */
import type { Router, RouterStatus } from '../../../src/api/index.ts';
import {
  attemptSucceeded,
  beginAttempt,
  type ConfigurationRecord,
} from '../../../src/gateway/configuration-record.ts';
import { type Link, newLink, nextLink } from '../../../src/gateway/connectivity.ts';
import { NOTHING_KNOWN } from '../../../src/gateway/identity/saying.ts';
import type { Problem } from '../../../src/gateway/problem.ts';
import type { RouterInput } from '../../../src/gateway/router-input.ts';
import { planRouter } from '../../../src/gateway/router-plan.ts';
import type { RouterFacts } from '../../../src/routeros/index.ts';
import { routerWith } from './fixtures.ts';

export const START = 1_800_000_000_000;
export const at = (seconds: number) => ({ wall: START + seconds * 1000, monotonic: seconds * 1000 });
export const connectedAt = (seconds: number, link = newLink(at(0))) =>
  nextLink(link, START / 1000 + seconds, at(seconds), 180_000);
export const facts: RouterFacts = {
  identity: 'router-1',
  version: '7.16.2 (stable)',
  boardName: 'hAP ax3',
  interfaces: [{ name: 'ether1', type: 'ether', running: true, disabled: false }],
  interfacesTruncated: false,
};
export const refused: Problem = { reason: 'LoginRefused', message: 'The router refuses the log-in.' };
export const silent: Problem = { reason: 'RouterUnreachable', message: 'The API does not answer.' };

export function inputOf(fields: Partial<RouterInput> = {}): RouterInput {
  return {
    router: routerWith({ phase: 'AwaitingConnection' }),
    presence: 'here',
    link: connectedAt(1),
    record: undefined,
    identity: NOTHING_KNOWN,
    now: at(1),
    offlineAfterSeconds: 180,
    ...fields,
  };
}

/** The Router as server-side apply leaves it: owned parts replaced, others kept. */
export function applied(router: Router, { write }: ReturnType<typeof planRouter>): Router {
  if (write === undefined) return router;
  const kept = Object.entries(router.status ?? {}).filter(([field]) => !write.owned.fields.includes(field));
  const others = (router.status?.conditions ?? []).filter(
    ({ type }) => !write.owned.conditions.includes(type),
  );
  const conditions = [...others, ...(write.status.conditions ?? [])];
  return { ...router, status: { ...Object.fromEntries(kept), ...write.status, conditions } as RouterStatus };
}

export const record = (input: RouterInput, monotonic = input.now.monotonic): ConfigurationRecord =>
  beginAttempt(input.record, { generation: 1, arrivals: input.link?.arrivals ?? 0 }, monotonic);

/** A Router that was configured and is Online, with the link it is so by. */
export function onlineRouter(): { router: Router; link: Link; record: ConfigurationRecord } {
  const input = inputOf();
  const done = attemptSucceeded(record(input), { facts, revision: 0 }, at(2).wall);
  const router = applied(input.router, planRouter({ ...input, record: done }));
  return { router, link: input.link as Link, record: { ...done, facts: undefined } };
}
