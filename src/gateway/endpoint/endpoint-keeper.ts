/**
 * Brings the routers of a tunnel to another endpoint before the one that they have goes. Keys of `planner`: interfaces, of
 * `controller`: Routers, `namespace/name`.
 */
import type { EndpointHandover, Router, TenantTunnel } from '../../api/index.ts';
import {
  type BackoffOptions,
  Controller,
  findCondition,
  type Informer,
  type Logger,
  type ReconcileResult,
} from '../../kube/index.ts';
import { hostPort } from '../../wireguard/index.ts';
import type { Moment } from '../connectivity.ts';
import { type Fleet, ownerOf, type Place, routerKey, type Tunnel } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import { partOf, TUNNEL_PART } from '../lanes.ts';
import type { RouterTurns } from '../profiles/turns.ts';
import { accessOf } from '../router-access.ts';
import { failureOf } from '../router-failure.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { targetOf } from '../target.ts';
import { CHANGE_LIMIT_MS, changeRouter, whyNot } from './change-router.ts';
import { COURSE_PACE, Course, type CoursePace, type CourseReport, heldUpMs } from './course.ts';

export interface EndpointKeeperOptions {
  sidecar: Pick<SidecarPort, 'connect'>;
  cache: HandoverCache;
  fleet: Fleet;
  routers: Informer<Router>;
  tenantTunnels: Informer<TenantTunnel>;
  turns: RouterTurns;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Routers in work at once. */
  concurrency: number;
  pace?: CoursePace | undefined;
  backoff: BackoffOptions;
  /** There is news of this tunnel. */
  onReport: (tunnel: Tunnel) => void;
  /** This Router is behind now, or is not any more. */
  onBehind: (router: string) => void;
}

/** What comes with one change is one look. */
const GATHER_MS = 200;
/** When the router is spoken to by somebody else. */
const LOOK_AGAIN_MS = 500;

export class EndpointKeeper {
  readonly planner: Controller;
  readonly controller: Controller;
  readonly #options: EndpointKeeperOptions;
  /** By interface name. */
  readonly #courses = new Map<string, Course>();
  /** What was last made known of each. */
  readonly #made = new WeakMap<Course, CourseReport>();

  constructor(options: EndpointKeeperOptions) {
    this.#options = options;
    const { logger, concurrency, backoff } = options;
    this.planner = new Controller({
      name: 'endpoint',
      reconcile: async (name) => this.#plan(name),
      logger,
      backoff,
    });
    this.controller = new Controller({
      name: 'endpoint-router',
      reconcile: (key, { signal }) => this.#change(key, signal),
      logger,
      concurrency,
      timeoutMs: CHANGE_LIMIT_MS,
      backoff,
    });
    options.routers.onChange(({ key, object, old }) => {
      const tunnel = options.fleet.place(key)?.tunnel;
      const course = tunnel && this.#courses.get(tunnel.interfaceName);
      if (tunnel === undefined || course === undefined || object.status?.phase !== 'Online') return;
      if (old?.status?.phase === 'Online' && !course.has(key)) return;
      course.arrived(key);
      this.look(tunnel);
    });
    options.tenantTunnels.onChange(({ key }) => {
      const tunnel = options.fleet.ownedBy(key);
      if (tunnel !== undefined && this.#courses.has(tunnel.interfaceName)) this.look(tunnel);
    });
  }

  /** What is handed over of the tunnel has changed, or its routers have. */
  look({ interfaceName }: Pick<Tunnel, 'interfaceName'>): void {
    this.planner.queue.addAfter(interfaceName, GATHER_MS);
  }

  /** Routers of the tunnel came, went or changed. */
  routersChanged(tunnel: Tunnel, keys: readonly string[]): void {
    const course = this.#courses.get(tunnel.interfaceName);
    if (course === undefined) return;
    for (const key of keys)
      if (this.#options.fleet.place(key)?.tunnel !== tunnel) course.gone(key);
      else if (course.has(key)) course.arrived(key);
    this.look(tunnel);
  }

  /** null: it has no other endpoint to go to; undefined: that is not known yet. */
  report(tunnel: Tunnel): CourseReport | null | undefined {
    const { handover } = tunnel.desired;
    if (handover === undefined) return undefined;
    return handover.endpoint === undefined
      ? null
      : this.#courseOf(tunnel, textOf(handover.endpoint)).report();
  }

  /** What a router of the tunnel has yet to be brought to, as host:port; undefined where it is there. */
  yetToReach(key: string): string | undefined {
    const tunnel = this.#options.fleet.place(key)?.tunnel;
    const endpoint = tunnel?.desired.handover?.endpoint;
    if (tunnel === undefined || endpoint === undefined) return undefined;
    const course = this.#courseOf(tunnel, textOf(endpoint));
    return course.has(key) ? course.to : undefined;
  }

  #plan(name: string): ReconcileResult | undefined {
    const { fleet, now, concurrency, onReport } = this.#options;
    const tunnel = fleet.get(name);
    const endpoint = tunnel?.desired.handover?.endpoint;
    if (tunnel === undefined || endpoint === undefined) {
      const over = this.#courses.get(name);
      this.#courses.delete(name);
      if (over === undefined || tunnel === undefined) return undefined;
      this.#tellNamed(over);
      onReport(tunnel);
      return undefined;
    }
    const course = this.#courseOf(tunnel, textOf(endpoint));
    const report = course.report();
    if (this.#made.get(course) !== report) onReport(tunnel);
    this.#made.set(course, report);
    if (this.#isAwaited(tunnel)) return undefined;
    const held = heldUpMs(course, this.#courses.values(), now().monotonic);
    if (held !== undefined) return { requeueAfterMs: held };
    const room = partOf(concurrency, TUNNEL_PART);
    const { begin, againMs } = course.next(room, (key) => this.#target(key) !== undefined, now().monotonic);
    for (const key of begin) this.controller.enqueue(key);
    return againMs === undefined ? undefined : { requeueAfterMs: againMs };
  }

  #courseOf(tunnel: Tunnel, to: string): Course {
    const known = this.#courses.get(tunnel.interfaceName);
    if (known?.to === to) return known;
    const { tenantTunnels, pace = COURSE_PACE, random, logger } = this.#options;
    const { status } = tenantTunnels.get(ownerOf(tunnel.desired) ?? '') ?? {};
    const course = new Course({
      to,
      routers: this.#setUp(tunnel),
      known: status?.endpointChange,
      pace,
      random,
    });
    this.#courses.set(tunnel.interfaceName, course);
    logger.info(
      { tunnel: tunnel.interfaceName, to },
      'Bringing the routers of a tunnel to its new endpoint.',
    );
    this.#tellNamed(course);
    return course;
  }

  /** That it is behind is said of a router that is Offline: of as many as the tunnel names. */
  #tellNamed(course: Course): void {
    for (const key of course.report().change.names ?? []) this.#options.onBehind(key);
  }

  /** Those that have ever connected: all others are yet to be given a script, which has the new endpoint. */
  *#setUp({ desired }: Tunnel): Generator<string> {
    for (const { router } of desired.peers.values()) {
      const key = routerKey(router);
      const { metadata, status } = this.#options.routers.get(key) ?? {};
      const isSetUp = findCondition(status?.conditions, 'Connected') !== undefined;
      if (metadata?.uid === router.uid && isSetUp && status?.phase !== 'AwaitingConnection') yield key;
    }
  }

  /** Whether the new endpoint is not there yet, as far as the cluster knows. */
  #isAwaited({ desired }: Tunnel): boolean {
    const { status } = this.#options.tenantTunnels.get(ownerOf(desired) ?? '') ?? {};
    return findCondition(status?.conditions, 'EndpointReady')?.status === 'False';
  }

  /** The Router, when it is here, connected and configured. */
  #target(key: string): { router: Router; place: Place } | undefined {
    const target = targetOf(this.#options.routers, this.#options.fleet, key);
    if (target?.router.status?.phase !== 'Online') return undefined;
    return { router: target.router, place: target.place };
  }

  async #change(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { turns, now, logger, fleet } = this.#options;
    const tunnel = fleet.place(key)?.tunnel;
    const course = tunnel && this.#courses.get(tunnel.interfaceName);
    if (tunnel === undefined || course === undefined || !course.isWorking(key)) return undefined;
    const target = this.#target(key);
    const wanted = tunnel.desired.handover?.endpoint;
    if (target === undefined || wanted === undefined || textOf(wanted) !== course.to) {
      course.unreached(key, now().monotonic);
      this.look(tunnel);
      return undefined;
    }
    const done = turns.take(target.router.metadata.uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    try {
      const outcome = await changeRouter({
        ...this.#options,
        ...target,
        wanted,
        serverAddress: tunnel.desired.handover?.serverAddress ?? '',
        signal,
      });
      if ('because' in outcome) {
        const why = whyNot(key, course.to, outcome);
        logger.warn({ router: key, state: outcome.state }, why);
        if (outcome.state === 'Refused') course.refused(key, why, now().monotonic);
        else course.failed(key, why, now().monotonic);
      } else course.reached(key, outcome.state === 'Kept');
    } catch (error) {
      const why = signal.aborted ? undefined : this.#refusalOf(error, target.place);
      if (why === undefined) course.unreached(key, now().monotonic);
      else course.refused(key, `Router ${key}: ${why}`, now().monotonic);
      if (signal.aborted) throw error;
      logger.info(
        { router: key, code: (error as { code?: unknown }).code },
        `Could not bring a router to its new endpoint: ${error instanceof Error ? error.message : 'unknown'}`,
      );
    } finally {
      done();
      this.look(tunnel);
    }
    return undefined;
  }

  /** What the router itself has against it, and what helps; undefined where it is merely not reached. */
  #refusalOf(error: unknown, place: Place): string | undefined {
    const access = accessOf(this.#options.cache, place);
    const problem = access && failureOf(error, access);
    return problem?.reason === 'RouterUnreachable' ? undefined : problem?.message;
  }
}

const textOf = ({ host, port }: NonNullable<EndpointHandover['endpoint']>): string => hostPort(host, port);
