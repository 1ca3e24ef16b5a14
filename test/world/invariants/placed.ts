/**
 * 1. A tunnel stays on its node while that can carry it, or two nodes would answer for it; and goes only where it can be
 * carried, each time with a later note of its placement.
 */
import {
  ANNOTATION_FENCE,
  ANNOTATION_PLACED,
  ANNOTATION_PROBLEM,
  LABEL_GATEWAY,
} from '../../../src/api/index.ts';
import { leases, nodes } from '../../../src/kube/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import { GATEWAYS } from '../crew.ts';
import { Violation } from '../violation.ts';
import { LONGEST_LAG_MS } from './times.ts';

/** A silent node's Lease lasts no longer than this, seconds; an agent that lives has a long one. */
const SILENT_SECONDS = 1;

const leaseOf = (server: ApiServer, node: string) => server.peek(leases, `${GATEWAYS}/gateway-${node}`);

const isAlive = (server: ApiServer, node: string): boolean =>
  (leaseOf(server, node)?.spec?.leaseDurationSeconds ?? 0) > SILENT_SECONDS;

const says = (server: ApiServer, node: string, annotation: string): boolean =>
  leaseOf(server, node)?.metadata.annotations?.[annotation] !== undefined;

/** Whether tunnels may be brought to a node. */
export const mayCome = (server: ApiServer, node: string): boolean =>
  server.peek(nodes, node) !== undefined && isAlive(server, node) && !says(server, node, ANNOTATION_PROBLEM);

export const isCordoned = (server: ApiServer, node: string): boolean =>
  server.peek(nodes, node)?.spec?.unschedulable === true;

/** Whether tunnels should leave a node: it is gone or cordoned, or can carry none, or is silent and has fenced itself. */
export const shouldLeave = (server: ApiServer, node: string): boolean =>
  server.peek(nodes, node) === undefined ||
  isCordoned(server, node) ||
  says(server, node, ANNOTATION_PROBLEM) ||
  (!isAlive(server, node) && says(server, node, ANNOTATION_FENCE));

/** When something was last true of each node, ms; for ever while it is. */
class LastTrue {
  readonly #times = new Map<string, number>();

  note(node: string, isTrue: boolean, now: number): void {
    const before = this.#times.get(node);
    if (isTrue) this.#times.set(node, Number.POSITIVE_INFINITY);
    else if (before !== undefined) this.#times.set(node, Math.min(before, now));
  }

  /** Caches lag: what was so a while ago may still be thought. */
  wasLately(node: string, now: number): boolean {
    return (this.#times.get(node) ?? Number.NEGATIVE_INFINITY) + LONGEST_LAG_MS > now;
  }
}

/** Watches where tunnels go. */
export class TunnelsStay {
  readonly #server: ApiServer;
  readonly #now: () => number;
  readonly #mayLeave = new LastTrue();
  readonly #mayCome = new LastTrue();

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  see({ by, plural, key, before, after }: Change): void {
    const now = this.#now();
    if (plural === 'nodes' || plural === 'leases') {
      const node = key.replace(/^.*\/gateway-/, '');
      this.#mayLeave.note(node, shouldLeave(this.#server, node), now);
      this.#mayCome.note(node, mayCome(this.#server, node), now);
    }
    // All else of a tunnel follows its own ConfigMap, and is looked at when all is quiet.
    if (plural !== 'configmaps' || by === 'people' || !/\/tunnel-\d+$/.test(key)) return;
    const [from, to] = [before, after].map((object) => object?.metadata.labels?.[LABEL_GATEWAY]);
    if (from === undefined || to === undefined || from === to) return;
    if (!this.#mayLeave.wasLately(from, now))
      throw new Violation('1 placed', `${key} goes from ${from}, which can carry it, to ${to}`);
    if (!this.#mayCome.wasLately(to, now))
      throw new Violation('1 placed', `${key} goes from ${from} to ${to}, which cannot carry it`);
    const [first = 0, second = 0] = [before, after].map((object) =>
      Number(object?.metadata.annotations?.[ANNOTATION_PLACED] ?? 0),
    );
    if (second <= first)
      throw new Violation(
        '1 placed',
        `${key} goes from ${from} to ${to}, placed ${first} and then ${second}`,
      );
  }
}
