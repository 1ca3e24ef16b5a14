/**
 * A runtime for controllers: a client over few connections, informers, work queues, controllers, leader election,
 * Events and status writes. It knows nothing of any one operator.
 */

export { aborted } from './aborted.ts';
export type * from './api.ts';
export type { BackoffOptions } from './backoff.ts';
export { backoffMs } from './backoff.ts';
export * from './builtin.ts';
export { KubeClient, type KubeClientOptions } from './client.ts';
export { type Clock, sleep, systemClock } from './clock.ts';
export * from './conditions.ts';
export * from './controller.ts';
export * from './errors.ts';
export type { EventInput, EventSource } from './event-object.ts';
export { EventRecorder, type EventRecorderOptions } from './event-recorder.ts';
export { Informer, type InformerOptions } from './informer.ts';
export { LeaderElector, type LeaderElectorOptions } from './leader.ts';
export type { Logger } from './logger.ts';
export { microTime } from './microtime.ts';
export * from './object.ts';
export * from './queue.ts';
export type { ListWatcher, ReflectorTimings } from './reflector.ts';
export type { RequestObservation, Verb } from './requester.ts';
export type { ClockOffset } from './server-clock.ts';
export { SharedValues } from './shared-values.ts';
export * from './status.ts';
export type { Change, Indexes } from './store.ts';
export type { WatchEvent, WatchOptions } from './watch.ts';
export type { VersionedStore } from './write-tracker.ts';
