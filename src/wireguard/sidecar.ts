import { chmodSync, chownSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOn } from '../process/index.ts';
import { SidecarError } from './errors.ts';
import type { Logger } from './logger.ts';
import { enterForGood } from './namespace/namespace.ts';
import { acquireLock, NodeLock } from './server/lock.ts';
import type { Server } from './server/routes.ts';
import { createListener, type Listener } from './server/server.ts';
import { Streams } from './server/streams.ts';
import type { ServiceCounts } from './services/services.ts';
import { type SharedState, Tenure } from './tenure.ts';
import { DEFAULT_PREFIX, isPrefix } from './tunnel/names.ts';

export interface SidecarOptions {
  /** Path of the Unix socket; its folder must exist. Beside it lies a lock file of the same name with `.lock`. */
  socketPath: string;
  /** Group id that may talk to the sidecar beside root; without it, the group of this process. */
  socketGroup?: number;
  /** Prefix of the network namespaces' names, at most 8 of a-z, 0-9 and `-`; default `tto-`. */
  netnsPrefix?: string;
  /**
   * The node's network namespace, e.g. `/host/proc/1/ns/net` in a container; default: the one it was started in. The
   * main thread stays in it for good.
   */
  nodeNetns?: string;
  /**
   * A folder of the node by which its sidecars take turns: a second one stands by until the first has ended, and finds
   * there where routers were last seen. wireguard-go then ends with its sidecar. Without it, tunnels outlive it.
   */
  stateDir?: string;
  logger: Logger;
  /** Aborting it is the same as `stop()`. */
  signal?: AbortSignal;
}

/** Counts since the start, and what is open now. */
export interface SidecarMetrics {
  /** Whether it has the node; false for a standby. */
  active: boolean;
  /** Requests answered, by method and status, e.g. `PUT 200`. */
  requests: Readonly<Record<string, number>>;
  /** Changes made to tunnels. */
  changes: number;
  /** How often WireGuard of a tunnel has ended by itself. */
  lost: number;
  /** Operations that run or wait now. */
  operations: number;
  /** CONNECT streams that are open now, and how many there have been. */
  streams: number;
  streamsOpened: number;
  /** UDP flows and TCP connections to services that are open, and what of them was not passed on. */
  services: ServiceCounts;
}

export interface RunningSidecar {
  /** Resolves when the socket is open, of a standby too; rejects with `AlreadyRunning` and the like. */
  ready: Promise<void>;
  /** Resolves when it has ended; rejects when it could not start, or as a standby not take over. */
  done: Promise<void>;
  /** Stops serving within 5 s and leaves kernel WireGuard as it is. Idempotent. */
  stop(): Promise<void>;
  metrics(): SidecarMetrics;
}

/** Milliseconds that requests and streams are given to end by themselves. */
const GRACE_MS = 2000;
const SOCKET_MODE = 0o660;

/** Opens the socket, never open to others than its group, not even for a moment. */
async function listen(http: HttpServer, { socketPath, socketGroup }: SidecarOptions): Promise<void> {
  const mask = process.umask(0o777 & ~SOCKET_MODE);
  let listening: Promise<void>;
  try {
    listening = listenOn(http, { path: socketPath });
  } finally {
    process.umask(mask);
  }
  await listening;
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

/** Of a standby: so much longer is a tunnel deaf when it takes over. */
const KNOCK_MS = 20;

/** Starts at once; {@link RunningSidecar.ready} tells how it went. */
class Sidecar implements RunningSidecar {
  readonly #options: SidecarOptions;
  readonly #prefix: string;
  readonly #streams = new Streams();
  readonly #listener: Listener;
  readonly #stopping = new AbortController();
  #tenure: Tenure | undefined;
  #unlock: () => void = () => undefined;
  #stopped: Promise<void> | undefined;
  #waiting: Promise<void> = Promise.resolve();
  readonly ready: Promise<void>;
  readonly done: Promise<void>;

  constructor(options: SidecarOptions) {
    this.#options = options;
    this.#prefix = options.netnsPrefix ?? DEFAULT_PREFIX;
    this.#listener = createListener(() => this.#server(), options.logger);
    this.ready = this.#start();
    const ended = Promise.withResolvers<void>();
    this.#stopping.signal.addEventListener('abort', () => ended.resolve(), { once: true });
    this.done = this.ready.then(() => Promise.all([ended.promise, this.#waiting])).then(() => this.#stopped);
    this.done.catch(() => undefined);
    const { signal } = options;
    if (signal?.aborted) void this.stop();
    else signal?.addEventListener('abort', () => void this.stop(), { once: true });
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.ready.catch(() => undefined).then(() => this.#shut());
    return this.#stopped;
  }

  metrics(): SidecarMetrics {
    return {
      active: this.#tenure !== undefined,
      requests: this.#listener.requests,
      changes: this.#tenure?.tunnels.changes ?? 0,
      lost: this.#tenure?.tunnels.lost ?? 0,
      operations: this.#tenure?.tunnels.operations ?? 0,
      streams: this.#streams.count,
      streamsOpened: this.#streams.opened,
      services: this.#tenure?.services.counts() ?? { flows: 0, connections: 0, dropped: 0 },
    };
  }

  async #start(): Promise<void> {
    const { socketPath, nodeNetns, stateDir } = this.#options;
    if (!isPrefix(this.#prefix)) {
      throw new SidecarError(
        'InvalidRequest',
        'The namespace prefix must be 1 to 8 of a-z, 0-9 and "-", a letter first.',
      );
    }
    if (nodeNetns !== undefined) enterForGood(nodeNetns);
    this.#unlock = acquireLock(`${socketPath}.lock`);
    if (stateDir === undefined) {
      await this.#begin();
    } else {
      const shared = { folder: stateDir, lock: new NodeLock(stateDir) };
      if (shared.lock.tryAcquire()) await this.#begin(shared);
      else this.#waiting = this.#standBy(shared);
      // `done` tells, once the socket is open.
      this.#waiting.catch(() => undefined);
    }
    await rm(socketPath, { force: true });
    await listen(this.#listener.http, this.#options);
  }

  async #begin(shared?: SharedState): Promise<void> {
    const { socketPath, logger } = this.#options;
    const tenure = new Tenure({ prefix: this.#prefix, logger, shared });
    await tenure.begin();
    this.#tenure = tenure;
    const { found } = tenure.availability;
    logger.info({ socketPath, implementation: found?.name ?? null }, 'sidecar is ready');
  }

  async #standBy(shared: SharedState): Promise<void> {
    const { signal } = this.#stopping;
    this.#options.logger.info({}, 'Another sidecar has this node; standing by until it ends.');
    while (!signal.aborted && !shared.lock.tryAcquire()) {
      await sleep(KNOCK_MS, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) shared.lock.release();
    else await this.#begin(shared);
  }

  #server(): Server | undefined {
    if (this.#tenure === undefined) return undefined;
    const { availability, tunnels } = this.#tenure;
    return { availability, tunnels, streams: this.#streams };
  }

  async #shut(): Promise<void> {
    this.#listener.refuseAll();
    // What waits for its turn is refused at once, and not begun within the grace.
    void this.#tenure?.tunnels.close();
    await close(this.#listener.http, this.#streams);
    await this.#waiting.catch(() => undefined);
    await this.#tenure?.end();
    this.#unlock();
  }
}

/**
 * Starts the privileged side of a gateway: it makes, changes and removes tunnels as it is told over a Unix socket,
 * and decides nothing itself. Its successor finds the tunnels again.
 */
export const startSidecar = (options: SidecarOptions): RunningSidecar => new Sidecar(options);
