import type { Registry } from 'prom-client';
import type { BackoffOptions, Clock, KubeClient, Logger } from '../kube/index.ts';
import type { CoursePace } from './endpoint/course.ts';
import type { Pace } from './pace.ts';
import type { RelaySettings } from './relay/index.ts';
import type { RouterWorkOptions } from './router-work.ts';
import type { SidecarPort } from './sidecar-health.ts';

export interface AgentOptions {
  client: KubeClient;
  sidecar: SidecarPort;
  nodeName: string;
  /** Namespace of what the controller hands over. */
  gatewayNamespace: string;
  /** Namespace of the copies of routers' configurations; default tenant-tunnel-backups. */
  backupNamespace?: string;
  /** Where other gateways' agents reach this one: this pod's address, and a port, 0 for a free one. Absent: nowhere. */
  peerAddress?: { host: string; port: number };
  /** A router without a handshake for so long is Offline. */
  offlineAfterSeconds: number;
  /** Ends the agent in order, within 5 s. Interfaces stay as they are. */
  signal: AbortSignal;
  logger: Logger;
  registry: Registry;
  clock?: Clock;
  random?: () => number;
  pace?: Pace;
  /** Routers that are logged in to at once; default 64. */
  configurations?: number;
  /** Routers whose profiles are in work at once; default 16. */
  profileLooks?: number;
  /** Routers that are changing their keys at once; default 16. */
  keyChanges?: number;
  /** Between attempts to change the key of one router; default 60 s doubling to 6 h. */
  keyBackoff?: BackoffOptions;
  /** How often a router with profiles is looked at that nothing was changed for, ms; default 10 min. */
  driftMs?: number;
  /** Routers with profiles that are listened to for changes, at most; default 200. */
  listenRouters?: number;
  /** How long each, ms; default half an hour. */
  holdMs?: number;
  /** Between attempts to bring a router to another endpoint. */
  endpointPace?: CoursePace;
  /** Between attempts to configure one router; default 1 s doubling to 60 s. */
  configurationBackoff?: BackoffOptions;
  /** How soon after which events configurations are kept; for tests. */
  backupTimes?: RouterWorkOptions['backupTimes'];
  /** How often each tunnel's whole state is given again, ms; default 5 min. */
  resyncMs?: number;
  /** How long a tunnel must be gone before its interface is removed, ms; default 5 s. */
  removeAfterMs?: number;
  /** How often it is asked which routers are refused, ms; default 5 s. */
  clockLookMs?: number;
  /** How often routers that two may share the key of are looked at, ms; default 5 s. */
  identityLookMs?: number;
  /** Most routers with metrics of their own; default 0, none. */
  routerSeries?: number;
  /** Absent: pods have no way to the routers of this node. */
  relay?: RelaySettings | undefined;
}

export interface AgentProcess {
  /** What it still waits for, as phrases; empty when all is well. */
  waitingFor: () => string[];
  /** Resolves when all has ended after the signal; rejects when something broke. */
  done: Promise<void>;
}
