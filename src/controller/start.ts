import type { Registry } from 'prom-client';
import { Ledger } from '../allocation/index.ts';
import { DEFAULT_BACKUP_NAMESPACE } from '../api/index.ts';
import {
  Controller,
  type ControllerOptions,
  EventRecorder,
  type Informer,
  type KubeApi,
  type ListWatcher,
  type Logger,
  type Reconcile,
  sleep,
} from '../kube/index.ts';
import { reconcileBackups, WALK_LIMIT_MS } from './backups/reconcile-backups.ts';
import { type Caches, createCaches } from './caches.ts';
import { EndpointCaches } from './endpoint/caches.ts';
import { reconcileEndpoint } from './endpoint/reconcile.ts';
import { type Environment, systemEnvironment } from './environment.ts';
import { routerFlow } from './find-tunnel.ts';
import { reconcileKeptSecrets } from './kept-secrets.ts';
import { type Leadership, leadershipBy } from './leadership.ts';
import { ledgerStore } from './ledger-store.ts';
import { controllerMetrics } from './metrics.ts';
import { Moves } from './moves.ts';
import { reconcilePeerKey } from './peer-key.ts';
import { reconcileProfile } from './profiles/reconcile-profile.ts';
import { reconcileValues } from './profiles/reconcile-values.ts';
import { ProfileSeats } from './profiles/seats.ts';
import { seatAll } from './profiles/wire-profiles.ts';
import { Pulses } from './pulses.ts';
import { reconcileClass } from './reconcile-class.ts';
import { reconcileHandover } from './reconcile-handover.ts';
import { reconcileLedgerObject, reconcileQuarantine } from './reconcile-ledger.ts';
import { reconcileRouter } from './reconcile-router.ts';
import { reconcileTunnel } from './reconcile-tunnel.ts';
import { ServiceRanges } from './service-ranges.ts';
import { SubnetIndex } from './subnet-index.ts';
import { takeOver } from './take-over.ts';
import { WaitingRouters } from './waiting-routers.ts';
import { wakeAll, wakeTunnelsOn, wire } from './wiring.ts';
import type { World } from './world.ts';

const LEASE_NAME = 'tenant-tunnel-controller';

/** A client as KubeClient is one. */
export interface ControllerClient extends KubeApi, ListWatcher {
  list: KubeApi['list'];
  guarded(mayWrite: () => boolean): KubeApi;
}

export interface ControllerProcessOptions {
  client: ControllerClient;
  /** Of the operator: ledger and leader's Lease. */
  namespace: string;
  /** What is handed over to the agents. */
  gatewayNamespace: string;
  /** Copies of routers' configurations; default tenant-tunnel-backups. */
  backupNamespace?: string;
  /** Unique for each process, e.g. the pod's name with something random. */
  identity: string;
  /** false: lead at once; only for one single process. */
  leaderElect: boolean;
  /** Ends the process in order. */
  signal: AbortSignal;
  logger: Logger;
  registry: Registry;
  /** Default: the system's time and chance, and a Lease as `leaderElect` says. */
  environment?: Environment;
  leadership?: Leadership;
}

export interface ControllerProcess {
  /** What it still waits for; empty when it works, or stands by with warm caches. */
  waitingFor: () => string[];
  /** Resolves when all has ended after the signal; rejects when the Lease was lost or something broke. */
  done: Promise<void>;
}

/** Runs the controller: caches at once, reconcilers while this process leads. */
export function startController(options: ControllerProcessOptions): ControllerProcess {
  const { client, namespace, gatewayNamespace, identity, signal, logger, registry } = options;
  const { environment = systemEnvironment, leadership = leadershipOf(options) } = options;
  const { clock, random, turn, newSuffix } = environment;
  const now = (): Date => new Date(clock.wall());
  const stopping = new AbortController();
  const caches = createCaches({ client, namespace, gatewayNamespace, logger, environment });
  const endpointCaches = new EndpointCaches(
    { client, gatewayNamespace, logger, environment },
    stopping.signal,
  );
  const writer = client.guarded(() => leadership.isLeader());
  const events = new EventRecorder({
    client: writer,
    reportingController: 'vpn.traidnet.io/controller',
    reportingInstance: identity,
    logger,
    clock,
    suffix: newSuffix,
  });
  const ledger = new Ledger({
    store: ledgerStore(writer, namespace),
    now,
    sleep: (ms) => sleep(clock, ms, stopping.signal),
    random,
    turn,
  });
  const pulses = new Pulses(clock, (node) => wakeTunnelsOn(world, node));
  const metrics = controllerMetrics(registry, {
    caches,
    ledger,
    pulses,
    isLeader: () => leadership.isLeader(),
  });
  const controller = (
    name: string,
    concurrency: number,
    reconcile: Reconcile,
    flow: Pick<ControllerOptions, 'flowOf' | 'batch' | 'timeoutMs'> = {},
  ): Controller =>
    metrics.observed(
      new Controller({
        name,
        concurrency,
        reconcile,
        logger,
        clock,
        random,
        onReconciled: metrics.onReconciled(name),
        asleep: true,
        ...flow,
      }),
    );
  const controllers = {
    routers: controller('router', 48, (key, context) => reconcileRouter(world)(key, context), {
      flowOf: (key) => routerFlow(key, caches.routers.get(key)),
      batch: 16,
    }),
    tunnels: controller('tenanttunnel', 8, (key, context) => reconcileTunnel(world)(key, context)),
    handover: controller('handover', 8, (key, context) => reconcileHandover(world)(key, context)),
    endpoints: controller('endpoint', 4, (key, context) => reconcileEndpoint(world)(key, context)),
    classes: controller('tunnelclass', 1, (key, context) => reconcileClass(world)(key, context)),
    ledger: controller('ledger', 1, (key, context) => reconcileLedgerObject(world)(key, context)),
    quarantine: controller('quarantine', 1, (key, context) => reconcileQuarantine(world)(key, context)),
    secrets: controller('secrets', 1, (key, context) => reconcileKeptSecrets(world)(key, context)),
    peerKey: controller('peer-key', 1, (key, context) => reconcilePeerKey(world)(key, context)),
    profiles: controller('routerprofile', 4, (key, context) => reconcileProfile(world)(key, context)),
    values: controller('profile-values', 2, (key, context) => reconcileValues(world)(key, context)),
    backups: controller('backups', 1, (key, context) => reconcileBackups(world)(key, context), {
      timeoutMs: WALK_LIMIT_MS,
    }),
  };
  const world: World = {
    client: writer,
    caches,
    ledger,
    events,
    logger,
    environment,
    namespace,
    gatewayNamespace,
    backupNamespace: options.backupNamespace ?? DEFAULT_BACKUP_NAMESPACE,
    now,
    controllers,
    pulses,
    moves: new Moves(() => clock.monotonic()),
    chosenNodes: new Map(),
    tunnelsBeingMade: new Map(),
    gathering: new Map(),
    waiting: new WaitingRouters(),
    subnets: new SubnetIndex(),
    serviceRanges: new ServiceRanges(client, () => clock.monotonic()),
    seats: new ProfileSeats(),
    profileValues: new Map(),
    endpointCaches,
    endpointTroubles: new Map(),
  };
  wire(world);

  const lead = async (leading: AbortSignal): Promise<void> => {
    await Promise.race([synced(caches), aborted(leading)]);
    if (leading.aborted) return;
    for (const one of Object.values(controllers)) one.wake();
    await takeOver(world, client, namespace);
    wakeAll(world);
    seatAll(world);
    logger.info({ tunnels: ledger.tunnels.size, routers: caches.routers.keys().length }, 'leading');
    await Promise.all(Object.values(controllers).map((one) => one.run(leading)));
    await events.close();
  };

  const informers = Object.values(caches).map((cache) => cache.run(stopping.signal));
  return {
    waitingFor: () => Object.values(caches).flatMap((cache: Informer<never>) => cache.waitingFor ?? []),
    done: run(leadership.run(signal, lead)).finally(async () => {
      stopping.abort();
      await Promise.all([...informers, endpointCaches.ended()]);
      pulses.stop();
    }),
  };
}

function leadershipOf({ client, namespace, identity, logger, leaderElect }: ControllerProcessOptions) {
  return leadershipBy({ client, lease: { namespace, name: LEASE_NAME }, identity, logger }, leaderElect);
}

async function run(work: Promise<'stopped' | 'lost'>): Promise<void> {
  if ((await work) === 'stopped') return;
  throw new Error('The leader Lease went to another replica; this one ends and starts again as a standby.');
}

const synced = (caches: Caches): Promise<unknown> =>
  Promise.all(Object.values(caches).map((cache) => cache.synced));

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
