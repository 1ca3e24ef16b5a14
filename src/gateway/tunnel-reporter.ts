/** Writes counts and condition of each TenantTunnel of this node, at most once a second. Keys: `namespace/name`. */
import { type Router, TENANT_TUNNELS, type TenantTunnel } from '../api/index.ts';
import {
  applyStatusIfChanged,
  type Condition,
  Controller,
  type EventRecorder,
  findCondition,
  type Informer,
  isApiError,
  type KubeApi,
  type Logger,
  type ReconcileContext,
  type ReconcileResult,
  refOf,
} from '../kube/index.ts';
import type { Moment } from './connectivity.ts';
import type { EndpointKeeper } from './endpoint/endpoint-keeper.ts';
import { type Fleet, routerKey, type Tunnel } from './fleet.ts';
import { FIELD_MANAGER } from './router-reporter.ts';
import { TUNNEL_OWNED, type TunnelReport, tunnelStatus } from './tunnel-status.ts';

export interface TunnelReporterOptions {
  client: Pick<KubeApi, 'applyStatus'>;
  tenantTunnels: Informer<TenantTunnel>;
  routers: Informer<Router>;
  fleet: Fleet;
  endpoints: Pick<EndpointKeeper, 'report'>;
  recorder: EventRecorder;
  logger: Logger;
  now: () => Moment;
  nodeName: string;
  /** Counts that change together, or one after the other, become one write, ms. */
  gatherMs: number;
  /** How long a problem must last: objects of one change arrive one after the other, ms. */
  problemAfterMs: number;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
}

/** Conditions that become so, and what is then said; of EndpointFollowed its reasons tell more than True and False. */
const WORTH_AN_EVENT = [
  { type: 'Programmed', status: 'False', event: 'ProgrammingFailed', level: 'Warning' },
  { type: 'ServicesReady', status: 'False', event: 'ServiceUnavailable', level: 'Warning' },
  {
    type: 'EndpointFollowed',
    reason: 'EndpointChangeFailed',
    status: 'False',
    event: 'EndpointChangeFailed',
    level: 'Warning',
  },
  { type: 'EndpointFollowed', status: 'True', event: 'EndpointFollowed', level: 'Normal' },
] as const;

export class TunnelReporter {
  readonly controller: Controller;
  readonly #options: TunnelReporterOptions;
  readonly #wroteAt = new Map<string, number>();
  /** Whose writes were held back, because this agent did not speak for its node then. */
  readonly #held = new Set<string>();

  constructor(options: TunnelReporterOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'tunnel-status',
      reconcile: (key, context) => this.#reconcile(key, context),
      logger: options.logger,
      concurrency: 2,
      backoff: { baseMs: 250, maxMs: 30_000 },
    });
    this.controller.watches(options.tenantTunnels);
  }

  /** Something that is counted has changed. */
  soon(key: string): void {
    this.controller.queue.addAfter(key, this.#options.gatherMs);
  }

  /** This agent speaks for its node: what was held back is written. */
  resume(): void {
    for (const key of this.#held) this.controller.enqueue(key);
    this.#held.clear();
  }

  async #reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const { tenantTunnels, fleet, now, gatherMs } = this.#options;
    const object = tenantTunnels.get(key);
    const tunnel = fleet.ownedBy(key);
    if (object === undefined || tunnel === undefined) {
      this.#wroteAt.delete(key);
      return undefined;
    }
    // One of that name but another uid: the controller has not caught up.
    if (tunnel.desired.handover?.tenantTunnel.uid !== object.metadata.uid) return undefined;
    // What is about to be taken off this node another one may carry by now, and says so.
    if (tunnel.goneSince !== undefined) return undefined;
    // It is about to be set up, and what is said then is one write.
    if (!tunnel.attempted) return { requeueAfterMs: gatherMs };
    const wait = (this.#wroteAt.get(key) ?? Number.NEGATIVE_INFINITY) + gatherMs - now().monotonic;
    if (wait > 0) return { requeueAfterMs: wait };
    // As the report has it: a wait that ends while it is written must not be forgotten.
    const patience = { tunnel: this.#patience(tunnel), services: this.#servicePatience(tunnel) };
    await this.#write(key, object, this.#report(object, tunnel, patience), context);
    const waits = Object.values(patience).filter((ms) => ms > 0);
    return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined;
  }

  /** ms until a problem has lasted long enough; 0 when there is none or it has. */
  #patience({ problemSince }: Tunnel): number {
    const { now, problemAfterMs } = this.#options;
    return problemSince === undefined ? 0 : Math.max(0, problemSince + problemAfterMs - now().monotonic);
  }

  /** A Service of one replica that is replaced is without endpoints for a moment, which is not worth a word. */
  #servicePatience({ services: { badSince } }: Tunnel): number {
    const { now, problemAfterMs } = this.#options;
    return badSince === undefined ? 0 : Math.max(0, badSince + problemAfterMs - now().monotonic);
  }

  #report(
    object: TenantTunnel,
    tunnel: Tunnel,
    patience: { tunnel: number; services: number },
  ): TunnelReport {
    const { routers, endpoints, now, nodeName } = this.#options;
    const endpoint = endpoints.report(tunnel);
    let connected = 0;
    let online = 0;
    let lastHandshake = 0;
    for (const [publicKey, link] of tunnel.links) {
      lastHandshake = Math.max(lastHandshake, link.lastHandshake);
      const router = tunnel.desired.peers.get(publicKey)?.router;
      if (link.state !== 'Connected' || router === undefined) continue;
      connected += 1;
      if (routers.get(routerKey(router))?.status?.phase === 'Online') online += 1;
    }
    return {
      object,
      nodeName,
      counts: { total: tunnel.desired.peers.size, connected, online },
      lastHandshake,
      programmed: programmedOf(tunnel, patience.tunnel > 0),
      services:
        tunnel.services.verdict === undefined || patience.services > 0 ? 'unknown' : tunnel.services.verdict,
      endpoint: endpoint === undefined ? 'unknown' : endpoint,
      wall: now().wall,
    };
  }

  async #write(
    key: string,
    object: TenantTunnel,
    report: TunnelReport,
    context: ReconcileContext,
  ): Promise<void> {
    const { client, tenantTunnels, recorder, now, mayWrite } = this.#options;
    const status = tunnelStatus(report);
    if (status === undefined) return;
    if (!(await mayWrite())) {
      this.#held.add(key);
      return;
    }
    try {
      const written = await applyStatusIfChanged(client, TENANT_TUNNELS, object, status, {
        fieldManager: FIELD_MANAGER,
        owned: TUNNEL_OWNED,
        signal: context.signal,
      });
      if (written === undefined) return;
      this.#wroteAt.set(key, now().monotonic);
      context.wrote(tenantTunnels, written);
      for (const { event, level, ...worth } of WORTH_AN_EVENT) {
        const before = findCondition(object.status?.conditions, worth.type);
        const after = findCondition(status.conditions, worth.type);
        if (after === undefined || !isSo(after, worth) || (before && isSo(before, worth))) continue;
        recorder.record({
          regarding: refOf(object),
          type: level,
          reason: event,
          action: 'Program',
          note: after.message,
        });
      }
    } catch (error) {
      if (!isApiError(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

const isSo = (condition: Condition, worth: { status: string; reason?: string }): boolean =>
  condition.status === worth.status && [undefined, condition.reason].includes(worth.reason);

function programmedOf(tunnel: Tunnel, isPatient: boolean): TunnelReport['programmed'] {
  const problem = tunnel.refusal ?? tunnel.desired.problems[0];
  if (problem !== undefined) return isPatient ? 'unknown' : problem;
  return tunnel.given === undefined ? 'unknown' : 'set';
}
