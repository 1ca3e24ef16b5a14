// Signatures first: what stands here as `declare` moves to a file of its own with its body.
import type { KubeConfig } from '@kubernetes/client-node';
import type {
  Applied,
  ApplyOptions,
  CallOptions,
  Created,
  DeleteOptions,
  KubeApi,
  ListOptions,
  ObjectList,
  PatchOptions,
} from './api.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { KubeObject, ObjectName, ObjectRef, ResourceType } from './object.ts';

export type * from './api.ts';
export * from './builtin.ts';
export * from './clock.ts';
export * from './errors.ts';
export type * from './logger.ts';
export * from './object.ts';

/** One attempt of a request, for metrics. */
export interface RequestObservation {
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'delete' | 'apply' | 'patch';
  /** `configmaps`, or `routers/status`. */
  resource: string;
  /** HTTP status, 0 without a reply. */
  status: number;
  seconds: number;
}

export interface KubeClientOptions {
  userAgent?: string;
  /** Connections for requests (watches have their own); default 16. */
  maxConnections?: number;
  /** Default limit of a call; 30 s. */
  timeoutMs?: number;
  /** Default 256 MiB. */
  maxResponseBytes?: number;
  onRequest?: (observation: RequestObservation) => void;
}

export declare class KubeClient implements KubeApi {
  constructor(config: KubeConfig, options?: KubeClientOptions);
  get<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options?: CallOptions,
  ): Promise<T | undefined>;
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject>(type: ResourceType<T>, object: Created<T>, options?: CallOptions): Promise<T>;
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: CallOptions): Promise<T>;
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<boolean>;
  apply<T extends KubeObject>(type: ResourceType<T>, object: Applied<T>, options: ApplyOptions): Promise<T>;
  applyStatus<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<T>;
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
  /** The same client over the same connections, whose writes are refused (WriteRefused) unless `mayWrite()`. */
  guarded(mayWrite: () => boolean): KubeClient;
  /** Closes all connections, watches too. */
  close(): Promise<void>;
}

/** One change of an informer's store. `initial`: the object was there in the first list. */
export type Change<T extends KubeObject> =
  | { type: 'added'; key: string; object: T; old?: undefined; initial: boolean }
  | { type: 'updated'; key: string; object: T; old: T; initial: false }
  /** `object` is the last state known. */
  | { type: 'deleted'; key: string; object: T; old?: undefined; initial: false };

export interface InformerOptions<T extends KubeObject> {
  client: KubeClient;
  type: ResourceType<T>;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Runs on each object before it is stored; may change it in place. managedFields are gone already. */
  transform?: (object: T) => T;
  /** Name → values under which an object is found by {@link Informer.byIndex}. */
  indexes?: Record<string, (object: T) => string[]>;
  logger: Logger;
  clock?: Clock;
}

/** List-and-watch of one resource into a local store, as client-go's reflector and informer do it. */
export declare class Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  constructor(options: InformerOptions<T>);
  /** Resolves once the first full list is in the store and its handlers have run; rejects when stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Lists and watches until the signal; resolves when all has ended, never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Handlers run synchronously, in order, after the store has changed. The result takes the handler off. */
  onChange(handler: (change: Change<T>) => void): () => void;
  get(key: string): T | undefined;
  list(): T[];
  keys(): string[];
  byIndex(index: string, value: string): T[];
  /** Whether the store has seen everything up to this resourceVersion. */
  hasReached(resourceVersion: string): boolean;
}

export interface AddOptions {
  /** 0 (default): a person waits; -100: a restart or resync brought it. */
  priority?: number;
}

export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
}

export interface WorkQueueOptions {
  clock?: Clock;
  random?: () => number;
  /** Default 5 ms doubling to 60 s. */
  backoff?: BackoffOptions;
}

export interface WorkQueueStats {
  depth: number;
  delayed: number;
  processing: number;
  adds: number;
  retries: number;
  longestWaitMs: number;
}

export declare class WorkQueue {
  constructor(options?: WorkQueueOptions);
  add(key: string, options?: AddOptions): void;
  addAfter(key: string, ms: number, options?: AddOptions): void;
  /** Adds the key again after its backoff, in ms, which it returns. */
  retry(key: string, options?: AddOptions): number;
  /** Resets the key's backoff. */
  forget(key: string): void;
  /** The next key, or undefined once shut down. Each take is answered by one done. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  /** Takes no more keys and drops those that wait; resolves when those in work are done. */
  shutdown(): Promise<void>;
  stats(): WorkQueueStats;
}

export interface ReconcileContext {
  signal: AbortSignal;
  /**
   * Tells the controller of a write: this key is not reconciled again until the informer's store has passed it,
   * so that no decision rests on a cache from before.
   */
  wrote<T extends KubeObject>(informer: Informer<T>, object: T): void;
  /** The same of a deletion. */
  deleted<T extends KubeObject>(informer: Informer<T>, object: T): void;
}

export interface ReconcileResult {
  requeueAfterMs?: number;
}

export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined>;

export type ReconcileOutcome = 'success' | 'requeueAfter' | 'error' | 'terminalError' | 'stale';

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  logger: Logger;
  /** Keys in work at once; default 1. */
  concurrency?: number;
  /** Limit of one reconcile, whose signal is then aborted; default 60 s. */
  timeoutMs?: number;
  backoff?: BackoffOptions;
  clock?: Clock;
  onReconciled?: (outcome: ReconcileOutcome, seconds: number) => void;
}

export declare class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Counts since start; each begins at 0. */
  readonly outcomes: Readonly<Record<ReconcileOutcome, number>>;
  constructor(options: ControllerOptions);
  /** Enqueues `keys(change)` (default: the object's own key) on each change; call before run. */
  watches<T extends KubeObject>(informer: Informer<T>, keys?: (change: Change<T>) => string[]): void;
  enqueue(key: string, options?: AddOptions): void;
  /** Waits for the watched informers, then works until the signal; resolves when what was in work has ended. */
  run(signal: AbortSignal, stopLimitMs?: number): Promise<void>;
}

export interface LeaderElectorOptions {
  client: Pick<KubeApi, 'get' | 'create' | 'update'>;
  lease: { namespace: string; name: string };
  /** Unique for each process, e.g. pod name + random. */
  identity: string;
  logger: Logger;
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryPeriodMs?: number;
  clock?: Clock;
  random?: () => number;
}

export declare class LeaderElector {
  constructor(options: LeaderElectorOptions);
  /** False by itself once the last renewal is older than the deadline, also after a stalled event loop. */
  isLeader(): boolean;
  /** Who holds the lease, as last read. */
  readonly holder: string | undefined;
  /**
   * Waits for the lease, then runs `lead`, whose signal is aborted when the lease is lost or `signal` is.
   * Releases the lease only after `lead` has ended. `lost`: the process should exit.
   */
  run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'>;
}

export interface EventInput {
  regarding: ObjectRef | KubeObject;
  type: 'Normal' | 'Warning';
  /** UpperCamelCase, ≤ 128 characters. */
  reason: string;
  /** What was done or tried, UpperCamelCase, ≤ 128 characters. */
  action: string;
  /** Cut to 1 kB. */
  note: string;
  related?: ObjectRef;
}

export interface EventRecorderOptions {
  client: Pick<KubeApi, 'create' | 'patch'>;
  /** e.g. `example.com/controller`. */
  reportingController: string;
  /** e.g. the pod's name. */
  reportingInstance: string;
  /** For Events about cluster-scoped objects; default `default`. */
  clusterNamespace?: string;
  logger: Logger;
  clock?: Clock;
}

/** Writes Events in the background; like ones within 6 minutes become one with a count. Never throws. */
export declare class EventRecorder {
  constructor(options: EventRecorderOptions);
  record(event: EventInput): void;
  /** Writes what waits, within the limit (default 2 s), and ends. */
  close(limitMs?: number): Promise<void>;
}

/** metav1.Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  observedGeneration?: number;
  lastTransitionTime: string;
}

/**
 * A new list with the condition set. lastTransitionTime stays when the status does; `now` is RFC 3339.
 */
export declare function setCondition(
  list: readonly Condition[] | undefined,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): Condition[];

export declare function findCondition(
  list: readonly Condition[] | undefined,
  type: string,
): Condition | undefined;

/** The part of a status that one field manager owns. */
export interface OwnedStatus {
  /** Top-level fields of the status other than `conditions`. */
  fields: readonly string[];
  /** Types of conditions. */
  conditions: readonly string[];
}

export interface ApplyStatusOptions extends CallOptions {
  fieldManager: string;
  owned: OwnedStatus;
  /** Refuse when the object has changed since `current`; default false, since no two managers share a field. */
  ifUnchanged?: boolean;
}

/**
 * Applies this manager's part of a status unless the current object has it already, removals included:
 * an owned field that `desired` omits and the object still has is a change. Returns the written object, or
 * undefined when nothing was written.
 */
export declare function applyStatusIfChanged<T extends KubeObject>(
  client: Pick<KubeApi, 'applyStatus'>,
  type: ResourceType<T>,
  current: T,
  desired: object,
  options: ApplyStatusOptions,
): Promise<T | undefined>;

/** `2026-01-02T03:04:05.678000Z`: metav1.MicroTime wants six digits. */
export declare function microTime(wallMs: number): string;
