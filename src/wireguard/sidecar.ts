import { chmodSync, chownSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import { chooseImplementation } from './device/implementation.ts';
import { SidecarError } from './errors.ts';
import type { Logger } from './logger.ts';
import { acquireLock } from './server/lock.ts';
import { createListener } from './server/server.ts';
import { Streams } from './server/streams.ts';
import { DEFAULT_PREFIX, isPrefix } from './tunnel/names.ts';
import { Tunnels } from './tunnel/tunnels.ts';

export interface SidecarOptions {
  /** Path of the Unix socket; its folder must exist. Beside it lies a lock file of the same name with `.lock`. */
  socketPath: string;
  /** Group id that may talk to the sidecar beside root; without it, the group of this process. */
  socketGroup?: number;
  /** Prefix of the network namespaces' names, at most 8 of a-z, 0-9 and `-`; default `tto-`. */
  netnsPrefix?: string;
  logger: Logger;
  /** Aborting it is the same as `stop()`. */
  signal?: AbortSignal;
}

/** Counts since the start, and what is open now. */
export interface SidecarMetrics {
  /** Requests answered, by method and status, e.g. `PUT 200`. */
  requests: Readonly<Record<string, number>>;
  /** Changes made to tunnels. */
  changes: number;
  /** Operations that run or wait now. */
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

/** Milliseconds that requests and streams are given to end by themselves. */
const GRACE_MS = 3000;
const SOCKET_MODE = 0o660;

/** Opens the socket, never open to others than its group, not even for a moment. */
async function listen(http: HttpServer, { socketPath, socketGroup }: SidecarOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.once('listening', resolve);
    const mask = process.umask(0o777 & ~SOCKET_MODE);
    try {
      http.listen(socketPath);
    } finally {
      process.umask(mask);
    }
  });
  chmodSync(socketPath, SOCKET_MODE);
  if (socketGroup !== undefined) chownSync(socketPath, -1, socketGroup);
}

function close(http: HttpServer, streams: Streams): Promise<void> {
  if (!http.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      streams.closeAll();
      http.closeAllConnections();
    }, GRACE_MS);
    http.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * Starts the privileged side of a gateway: it makes, changes and removes tunnels as it is told over a Unix socket,
 * and decides nothing itself. Tunnels outlive it; its successor finds them again.
 */
export function startSidecar(options: SidecarOptions): RunningSidecar {
  const { socketPath, netnsPrefix = DEFAULT_PREFIX, logger, signal } = options;
  const streams = new Streams();
  let tunnels: Tunnels | undefined;
  let requests: Record<string, number> = {};
  let stopped: Promise<void> | undefined;
  let shut: () => Promise<void> = async () => undefined;

  const start = async (): Promise<void> => {
    if (!isPrefix(netnsPrefix)) {
      throw new SidecarError(
        'InvalidRequest',
        'The namespace prefix must be 1 to 8 of a-z, 0-9 and "-", a letter first.',
      );
    }
    const unlock = acquireLock(`${socketPath}.lock`);
    shut = async () => unlock();
    const implementation = await chooseImplementation(netnsPrefix);
    tunnels = new Tunnels({ implementation, prefix: netnsPrefix, logger });
    const listener = createListener({ tunnels, streams }, logger);
    requests = listener.requests;
    await rm(socketPath, { force: true });
    await listen(listener.http, options);
    shut = async () => {
      listener.refuseAll();
      await close(listener.http, streams);
      unlock();
    };
    logger.info({ socketPath, implementation: implementation.name }, 'sidecar is ready');
  };

  const ready = start();
  const stop = (): Promise<void> => {
    stopped ??= ready.then(
      () => shut(),
      () => shut(),
    );
    return stopped;
  };
  if (signal?.aborted) void stop();
  else signal?.addEventListener('abort', () => void stop(), { once: true });

  return {
    ready,
    stop,
    metrics: () => ({
      requests,
      changes: tunnels?.changes ?? 0,
      operations: tunnels?.operations ?? 0,
      streams: streams.count,
      streamsOpened: streams.opened,
    }),
  };
}
