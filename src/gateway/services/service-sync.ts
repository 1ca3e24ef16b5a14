/**
 * Gives the sidecar what routers of each tunnel may reach, and follows where that is. Keys are interface names. Beside
 * the sync of tunnels and not part of it, so that an endpoint that changes is one small call.
 */
import type { ServiceHandover } from '../../api/index.ts';
import { Controller, type KubeClient, type Logger, type ReconcileResult } from '../../kube/index.ts';
import { type Service, type ServicesState, SidecarError } from '../../wireguard/index.ts';
import type { Moment } from '../connectivity.ts';
import type { Fleet, Tunnel } from '../fleet.ts';
import type { Problem } from '../problem.ts';
import { isSidecarAway, type SidecarHealth, type SidecarPort } from '../sidecar-health.ts';
import { readServices } from './read-services.ts';
import { type Resolved, resolveService } from './resolve.ts';
import { ServiceWatch } from './service-watch.ts';
import { type ServiceProblemOf, type Verdict, verdictOn } from './verdict.ts';

export interface ServiceSyncOptions {
  client: KubeClient;
  sidecar: SidecarPort;
  health: SidecarHealth;
  fleet: Fleet;
  logger: Logger;
  /** Ends the watches. */
  signal: AbortSignal;
  now: () => Moment;
  random: () => number;
  /** How often all of it is given again, ms. */
  resyncMs: number;
  /** What is to be said of its services has changed. */
  onVerdict: (tunnel: Tunnel) => void;
  /** The node does not have this tunnel, or knows too little of it. */
  onUnknown: (tunnel: Tunnel) => void;
}

/** A port that is taken is tried again, ms; and a right that is lacking looked for. */
const TRY_AGAIN_MS = 15_000;
/** How soon a Service must have been seen that nothing else tells of, ms. */
const LOOK_AGAIN_MS = 2_000;

interface Look {
  named: ServiceHandover;
  /** Absent: not known yet. */
  resolved: Resolved | undefined;
}

export class ServiceSync {
  readonly controller: Controller;
  readonly #options: ServiceSyncOptions;
  readonly #watch: ServiceWatch;

  constructor(options: ServiceSyncOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'services',
      reconcile: (name, { signal }) => this.#reconcile(name, signal),
      logger: options.logger,
      concurrency: 8,
      timeoutMs: 60_000,
      backoff: { baseMs: 250, maxMs: 30_000 },
    });
    this.#watch = new ServiceWatch({ ...options, onChange: (name) => this.controller.enqueue(name) });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { fleet, resyncMs, random } = this.#options;
    const tunnel = fleet.get(name);
    if (tunnel === undefined) {
      this.#watch.want(name, new Set());
      return undefined;
    }
    const { handover } = tunnel.desired;
    if (handover === undefined) return undefined;
    const read = readServices(handover);
    if (!read.ok) {
      this.#say(tunnel, ['services'], [{ name: 'services', problem: read.problem }]);
      return undefined;
    }
    const looks = this.#look(name, read.value);
    // The sync of the tunnel wakes it once there is something to open ports on.
    if (tunnel.given === undefined) return undefined;
    const wanted = stateOf(looks, handover.servicePacketsPerSecond);
    const text = JSON.stringify(wanted);
    const { services } = tunnel;
    const isDue = this.#options.now().monotonic - services.givenAt >= resyncMs;
    if (services.given !== text || services.portProblems.length > 0 || isDue) {
      await this.#give(tunnel, wanted, text, looks, signal);
    } else this.#sayOf(tunnel, looks, services.portProblems);
    const isUnknown = looks.some(({ resolved }) => resolved === undefined);
    const isRefused = looks.some(({ resolved }) => resolved?.problem?.reason === 'ServiceUnreadable');
    if (isUnknown) return { requeueAfterMs: LOOK_AGAIN_MS };
    if (services.portProblems.length > 0 || isRefused)
      return { requeueAfterMs: TRY_AGAIN_MS * (1 + random()) };
    return looks.length === 0 ? undefined : { requeueAfterMs: resyncMs * (1 + 0.2 * random()) };
  }

  #look(name: string, named: readonly ServiceHandover[]): Look[] {
    const keyOf = ({ service }: ServiceHandover): string => `${service.namespace}/${service.name}`;
    this.#watch.want(name, new Set(named.filter(({ refused }) => refused === undefined).map(keyOf)));
    return named.map((one) => {
      if (one.refused !== undefined) {
        return {
          named: one,
          resolved: { problem: { reason: 'ServiceNotAllowed', message: one.refused.slice(0, 500) } },
        };
      }
      const key = keyOf(one);
      const seen = this.#watch.seen(key);
      if (seen.state === 'unknown') return { named: one, resolved: undefined };
      if (seen.state === 'known') return { named: one, resolved: resolveService(one, seen) };
      const problem: Problem = {
        reason: 'ServiceUnreadable',
        message: `Service ${key} is not known: ${seen.why}.`,
      };
      return { named: one, resolved: { problem } };
    });
  }

  async #give(
    tunnel: Tunnel,
    wanted: ServicesState,
    text: string,
    looks: readonly Look[],
    signal: AbortSignal,
  ): Promise<void> {
    const { sidecar, health, logger, now } = this.#options;
    const { interfaceName: name, services } = tunnel;
    try {
      const started = now().monotonic;
      const { changes, problems } = await health.learn(sidecar.putServices(name, wanted, signal));
      if (changes.length > 0)
        logger.info({ tunnel: name, changes: changes.slice(0, 20) }, 'Changed services.');
      services.given = text;
      services.givenAt = started;
      services.portProblems = problems;
      this.#sayOf(tunnel, looks, problems);
    } catch (error) {
      services.given = undefined;
      if (signal.aborted) return;
      // It has to be put first; the sync that does so wakes this one again.
      if (error instanceof SidecarError && error.code === 'UnknownTunnel') {
        this.#options.onUnknown(tunnel);
        return;
      }
      if (error instanceof SidecarError && !isSidecarAway(error)) {
        const problem: Problem = {
          reason: 'ServicesFailed',
          message: `The node could not open the services of ${name}: ${error.message}`,
        };
        const names = looks.map(({ named }) => named.name);
        this.#say(tunnel, names, names.length === 0 ? [] : [{ name, problem }]);
      }
      throw error;
    }
  }

  #sayOf(tunnel: Tunnel, looks: readonly Look[], taken: Tunnel['services']['portProblems']): void {
    const problems = looks.flatMap<ServiceProblemOf>(({ named, resolved }) => {
      const { name, protocol, port } = named;
      const own = taken.find((one) => one.protocol === protocol && one.port === port);
      if (own !== undefined) return [{ name, problem: { reason: 'ServicePortTaken', message: own.message } }];
      return resolved?.problem === undefined ? [] : [{ name, problem: resolved.problem }];
    });
    // Of what is not known nothing is said, and of the rest only what is wrong.
    if (problems.length === 0 && looks.some(({ resolved }) => resolved === undefined)) return;
    this.#say(
      tunnel,
      looks.map(({ named }) => named.name),
      problems,
    );
  }

  #say(tunnel: Tunnel, names: readonly string[], problems: readonly ServiceProblemOf[]): void {
    const { services } = tunnel;
    const verdict = verdictOn(names, problems);
    if (services.verdict !== undefined && isSame(services.verdict, verdict)) return;
    services.verdict = verdict;
    const isBad = verdict?.status === 'False';
    services.badSince = isBad ? (services.badSince ?? this.#options.now().monotonic) : undefined;
    this.#options.onVerdict(tunnel);
  }
}

const isSame = (a: Verdict | null, b: Verdict | null): boolean =>
  a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message;

/** What of the services is opened; those whose endpoints are not known yet keep what they have. */
function stateOf(looks: readonly Look[], packetsPerSecond: number | undefined): ServicesState {
  const services = looks.flatMap<Service>(({ named: { protocol, port, proxyProtocol }, resolved }) => {
    if (resolved !== undefined && resolved.endpoints === undefined) return [];
    return [
      {
        protocol,
        port,
        ...(resolved?.endpoints === undefined ? {} : { endpoints: resolved.endpoints }),
        ...(proxyProtocol === true ? { proxyProtocol } : {}),
      },
    ];
  });
  return { services, ...(packetsPerSecond === undefined ? {} : { packetsPerSecond }) };
}
