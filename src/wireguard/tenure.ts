import { setTimeout as sleep } from 'node:timers/promises';
import { Availability } from './device/availability.ts';
import { Processes } from './device/processes.ts';
import { Endpoints } from './endpoints/endpoints.ts';
import { EndpointStore } from './endpoints/store.ts';
import { HoldKeeper } from './hold/hold.ts';
import { Listener } from './initiations/listener.ts';
import type { Logger } from './logger.ts';
import type { NodeLock } from './server/lock.ts';
import { Services } from './services/services.ts';
import { gatherNamespace } from './tunnel/gather.ts';
import { namesOf } from './tunnel/names.ts';
import { Tunnels } from './tunnel/tunnels.ts';

/** Where sidecars of one node take turns, and leave word for each other. */
export interface SharedState {
  folder: string;
  /** Held. */
  lock: NodeLock;
}

export interface TenureOptions {
  prefix: string;
  logger: Logger;
  /** Without it this sidecar is alone, and its tunnels work on without it. */
  shared?: SharedState | undefined;
}

const ROUND_MS = 1000;
/** About an hour, after which a record is old. */
const ROUNDS_BETWEEN_PRUNINGS = 3600;
/** The agent asks more often, of 65,000 peers every 30 s; without it, so old may be what is written down of endpoints. */
const LOOK_AFTER_MS = 45_000;
/** At the end, a second is what a router loses anyway. */
const LAST_LOOK_AFTER_MS = 1000;
const LAST_LOOK_LIMIT_MS = 500;
const OPERATIONS_LIMIT_MS = 2000;

/** All that a sidecar does on its node, from when it has it until it lets it go. */
export class Tenure {
  readonly availability: Availability;
  readonly tunnels: Tunnels;
  readonly services: Services;
  readonly #processes: Processes;
  readonly #endpoints: Endpoints;
  readonly #listener: Listener;
  readonly #options: TenureOptions;
  readonly #ended = new AbortController();
  #rounds: Promise<void> | undefined;

  constructor(options: TenureOptions) {
    const { prefix, logger, shared } = options;
    this.#options = options;
    this.#processes = new Processes({
      ...(shared === undefined ? {} : { inherit: () => shared.lock.descriptor }),
      onEnded: (interfaceName, how) => this.tunnels.processEnded(interfaceName, how),
      onInstancesRaised: (to) =>
        logger.info({ to }, 'Raised fs.inotify.max_user_instances of the node: each wireguard-go takes one.'),
    });
    this.#endpoints = new Endpoints({
      store: shared === undefined ? undefined : new EndpointStore(`${shared.folder}/endpoints`),
      logger,
    });
    this.#listener = new Listener({ logger });
    this.availability = new Availability({ prefix, processes: this.#processes, logger });
    this.services = new Services(logger);
    this.tunnels = new Tunnels({
      availability: this.availability,
      endpoints: this.#endpoints,
      hold: new HoldKeeper(),
      listener: this.#listener,
      services: this.services,
      prefix,
      logger,
    });
  }

  async begin(): Promise<void> {
    await this.availability.lookAgain();
    this.#listener.begin();
    this.#rounds = this.#goRound();
  }

  /**
   * Finishes what was begun, writes down where each router is, and lets the node go. Kernel WireGuard works on;
   * wireguard-go ends here, so that a successor can make its own, unless there is nobody who could take over.
   */
  async end(): Promise<void> {
    const { shared } = this.#options;
    this.#ended.abort();
    this.#listener.end();
    this.services.closeAll();
    await atMost(OPERATIONS_LIMIT_MS, Promise.all([this.#rounds, this.tunnels.close()]));
    await atMost(LAST_LOOK_LIMIT_MS, this.tunnels.look(LAST_LOOK_AFTER_MS));
    await this.#endpoints.flush(true);
    if (shared === undefined) return;
    await this.#processes.endAll();
    shared.lock.release();
  }

  #prune(): Promise<void> {
    const { prefix } = this.#options;
    const find = (name: string) => gatherNamespace(namesOf(prefix, name)).catch(() => 'unclear');
    return this.#endpoints.prune(async (name) => (await find(name)) !== 'absent');
  }

  async #goRound(): Promise<void> {
    const { signal } = this.#ended;
    for (let round = 0; !signal.aborted; round += 1) {
      await sleep(ROUND_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      if (round % ROUNDS_BETWEEN_PRUNINGS === 0) await this.#prune();
      await this.tunnels.look(LOOK_AFTER_MS);
      await this.tunnels.hushSilent();
      await this.#endpoints.flush();
    }
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const limit = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([work, limit]);
  done.abort();
}
