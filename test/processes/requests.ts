import { readFileSync } from 'node:fs';
import { AGENT_USER, CONTROLLER_USER } from '../testbed/control-plane.ts';
import type { System } from '../testbed/system.ts';

/** Requests by `process verb resource`, e.g. `controller create events`. */
export type RequestCounts = Map<string, number>;

const USERS: Record<string, string> = { [CONTROLLER_USER]: 'controller', [AGENT_USER]: 'agent' };

interface AuditEvent {
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { resource: string; subresource?: string; name?: string };
  responseStatus?: { code: number };
}

/** What controller and agent have asked of the API server, from its own audit log. */
export class RequestLog {
  readonly #system: System;
  readonly #file: string;

  /** The system must have been started with `audit`. */
  constructor(system: System) {
    if (system.plane.auditLog === null) throw new Error('The API server keeps no audit log.');
    this.#system = system;
    this.#file = system.plane.auditLog;
  }

  /** A point in the log, for {@link since}. */
  now(): number {
    return readFileSync(this.#file, 'utf8').length;
  }

  /** Requests that ended since a point of the log, heartbeats and watches left out. */
  since(point: number): RequestCounts {
    return count(this.#events(point).filter((event) => !isHeartbeat(event)));
  }

  /** Renewed Leases since a point of the log. */
  heartbeatsSince(point: number): RequestCounts {
    return count(this.#events(point).filter(isHeartbeat));
  }

  /** Waits until neither process has asked for anything for some seconds. */
  async quiet(seconds = 3): Promise<void> {
    const limit = Date.now() + 120_000;
    for (let point = -1; Date.now() < limit; ) {
      const before = point;
      point = this.now();
      if (before >= 0 && this.since(before).size === 0) return;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
    throw new Error(`The processes do not come to rest: ${this.#system.log('controller').slice(-1000)}`);
  }

  #events(point: number): AuditEvent[] {
    return readFileSync(this.#file, 'utf8')
      .slice(point)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditEvent)
      .filter(({ stage, verb, user }) => {
        return stage === 'ResponseComplete' && verb !== 'watch' && user.username in USERS;
      });
  }
}

const isHeartbeat = ({ objectRef }: AuditEvent): boolean => objectRef?.resource === 'leases';

function count(events: readonly AuditEvent[]): RequestCounts {
  const counts: RequestCounts = new Map();
  for (const { verb, user, objectRef, requestURI, responseStatus } of events) {
    const { resource = requestURI, subresource } = objectRef ?? {};
    const what = subresource === undefined ? resource : `${resource}/${subresource}`;
    const code = responseStatus?.code ?? 0;
    const outcome = code < 300 ? '' : ` (${code})`;
    const key = `${USERS[user.username]} ${verb} ${what}${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

export const total = (counts: RequestCounts): number => [...counts.values()].reduce((sum, n) => sum + n, 0);
