import type { Logger } from './logger.ts';

export interface SidecarOptions {
  /** Path of the Unix socket; its folder must exist. */
  socketPath: string;
  /** Group that may talk to the sidecar beside root; without it the socket keeps the process's group. */
  socketGroup?: number;
  /** Prefix of the network namespaces' names; default `tto-`. */
  netnsPrefix?: string;
  logger: Logger;
  /** Aborting it is the same as `stop()`. */
  signal?: AbortSignal;
}

/** Counts since the start, and what is open now. */
export interface SidecarMetrics {
  /** Requests answered, by method and status, e.g. `PUT 200`. */
  requests: Record<string, number>;
  /** Changes made to tunnels. */
  changes: number;
  /** Operations that wait for or hold a tunnel now. */
  operations: number;
  /** CONNECT streams that are open now, and how many there have been. */
  streams: number;
  streamsOpened: number;
}

export interface RunningSidecar {
  /** Resolves when the socket is open; rejects with `AlreadyRunning` and the like. */
  ready: Promise<void>;
  /** Stops serving within 5 s and leaves every tunnel as it is. Idempotent. */
  stop(): Promise<void>;
  metrics(): SidecarMetrics;
}

export function startSidecar(_options: SidecarOptions): RunningSidecar {
  throw new Error('being written');
}
