/** All that speaks to routers: sets them up, has them make keys, applies their profiles, keeps their configurations. One at a time. */
import type { Router } from '../api/index.ts';
import type { BackoffOptions, Clock, EventRecorder, Informer, KubeClient, Logger } from '../kube/index.ts';
import { BackupKeeper } from './backups/backup-keeper.ts';
import { ClassNews } from './class-news.ts';
import { Configurer } from './configurer.ts';
import type { Moment } from './connectivity.ts';
import type { Fleet, Tunnel } from './fleet.ts';
import type { HandoverCache } from './handover-cache.ts';
import { KeyKeeper } from './keys/key-keeper.ts';
import type { GatewayMetrics } from './metrics.ts';
import { DRIFT_MS } from './profiles/pace.ts';
import { ProfileCache } from './profiles/profile-cache.ts';
import { ProfileKeeper } from './profiles/profile-keeper.ts';
import { RouterTurns } from './profiles/turns.ts';
import type { SidecarPort } from './sidecar-health.ts';

/** Each is a connection, and by estimate some 60 kB here. */
export const LISTEN_ROUTERS = 200;

export interface RouterWorkOptions {
  client: KubeClient;
  sidecar: SidecarPort;
  gatewayNamespace: string;
  backupNamespace: string;
  cache: HandoverCache;
  fleet: Fleet;
  routers: Informer<Router>;
  metrics: GatewayMetrics;
  recorder: Pick<EventRecorder, 'record'>;
  logger: Logger;
  clock: Clock;
  /** Ends the agent. */
  signal: AbortSignal;
  now: () => Moment;
  random: () => number;
  mayWrite: () => Promise<boolean>;
  /** At once; undefined: as many as are right. */
  configurations: number | undefined;
  profileLooks: number | undefined;
  keyChanges: number | undefined;
  driftMs: number | undefined;
  /** Routers that are listened to, at most. */
  listenRouters: number | undefined;
  /** How long each, ms; for tests. */
  holdMs: number | undefined;
  backoff: BackoffOptions | undefined;
  /** Between attempts to change the key of one router. */
  keyBackoff: BackoffOptions | undefined;
  /** Of backups; for tests. */
  backupTimes: ConstructorParameters<typeof BackupKeeper>[0]['times'];
  /** What routers of a TenantTunnel connect to, `host:port`. */
  endpointOf: (tenantTunnel: string) => string | undefined;
  /** There is news of this Router. */
  onNews: (router: string) => void;
  /** A router of this tunnel is about to come with another key. */
  onKeyChange: (tunnel: Tunnel) => void;
}

export interface RouterWork {
  configurer: Configurer;
  profiles: ProfileCache;
  profileKeeper: ProfileKeeper;
  keyKeeper: KeyKeeper;
  backups: BackupKeeper;
  classNews: ClassNews;
  turns: RouterTurns;
}

export function routerWork(options: RouterWorkOptions): RouterWork {
  const { client, gatewayNamespace, backupNamespace, metrics, logger, onNews } = options;
  const { backoff = { baseMs: 1_000, maxMs: 60_000 }, driftMs = DRIFT_MS } = options;
  const { configurations = 64, profileLooks = 16, listenRouters = LISTEN_ROUTERS } = options;
  const { keyChanges = 16, keyBackoff = { baseMs: 60_000, maxMs: 6 * 3_600_000 }, backupTimes } = options;
  const turns = new RouterTurns();
  const profiles = new ProfileCache({ client, namespace: gatewayNamespace, logger });
  const configurer = new Configurer({
    ...options,
    turns,
    concurrency: configurations,
    backoff,
    onRecord: onNews,
  });
  const backups = new BackupKeeper({
    ...options,
    namespace: backupNamespace,
    turns,
    onOutcome: (outcome, seconds) => metrics.backedUp(outcome, seconds),
    onReport: onNews,
    ...(backupTimes && { times: backupTimes }),
  });
  const profileKeeper = new ProfileKeeper({
    ...options,
    profiles,
    turns,
    concurrency: profileLooks,
    driftMs,
    listenRouters,
    backoff,
    onReport: onNews,
    onChanged: (key) => backups.changed(key),
  });
  const keyKeeper = new KeyKeeper({
    ...options,
    turns,
    concurrency: keyChanges,
    backoff: keyBackoff,
    onChanging: options.onKeyChange,
    onReport: onNews,
  });
  const classNews = new ClassNews((key) => {
    for (const { controller } of [profileKeeper, backups, keyKeeper]) controller.enqueue(key);
  });
  return { configurer, profiles, profileKeeper, keyKeeper, backups, classNews, turns };
}
