import { Registry } from 'prom-client';
import { type ControllerProcess, startController } from '../../src/controller/index.ts';
import type { ControllerClient } from '../../src/controller/start.ts';
import { Actor } from './actor.ts';
import type { ApiServer } from './api/server.ts';
import { worldClient } from './client.ts';
import type { Journal } from './journal.ts';
import type { Network } from './network.ts';
import { environmentOf } from './secrets.ts';
import { ToldLeadership } from './told-leadership.ts';

export const SYSTEM = 'system';
export const GATEWAYS = 'gateways';

export type Slot = 'A' | 'B';
/** What a place for a controller process is to be. */
export type Duty = 'off' | 'standby' | 'lead';

interface Member {
  actor: Actor;
  process: ControllerProcess;
  leadership: ToldLeadership;
}

/** How long Kubernetes takes to start a process again, ms. */
const RESTART_MS = 700;

/** The places for controller processes, and who works there: each process that ends is followed by another. */
export class Crew {
  readonly #server: ApiServer;
  readonly #network: Network;
  readonly #journal: Journal;
  readonly #meddle: (client: ControllerClient, server: ApiServer) => ControllerClient;
  readonly #members = new Map<Slot, Member>();
  readonly #duties = new Map<Slot, Duty>();
  #born = 0;

  constructor(
    server: ApiServer,
    network: Network,
    journal: Journal,
    meddle: (client: ControllerClient, server: ApiServer) => ControllerClient = (client) => client,
  ) {
    this.#meddle = meddle;
    this.#server = server;
    this.#network = network;
    this.#journal = journal;
  }

  /** Works, or stands by with warm caches. */
  isReady(slot: Slot): boolean {
    return this.#members.get(slot)?.process.waitingFor().length === 0;
  }

  actor(slot: Slot): Actor | undefined {
    return this.#members.get(slot)?.actor;
  }

  setDuty(slot: Slot, duty: Duty): void {
    const before = this.#duties.get(slot) ?? 'off';
    this.#duties.set(slot, duty);
    const member = this.#members.get(slot);
    if (duty === 'off') member?.actor.kill();
    else if (member === undefined) this.#start(slot);
    else if (duty === 'lead') member.leadership.raise();
    else if (before === 'lead') member.leadership.depose();
  }

  #start(slot: Slot): void {
    const duty = this.#duties.get(slot) ?? 'off';
    if (duty === 'off' || this.#members.has(slot)) return;
    const { timeline, chance } = this.#network;
    const actor = new Actor(`${slot.toLowerCase()}${++this.#born}`, timeline);
    const leadership = new ToldLeadership(actor.clock);
    const process = startController({
      client: this.#meddle(worldClient(actor, this.#server, this.#network), this.#server),
      namespace: SYSTEM,
      gatewayNamespace: GATEWAYS,
      identity: actor.name,
      leaderElect: true,
      signal: new AbortController().signal,
      logger: this.#journal.logger(actor.name),
      registry: new Registry(),
      environment: environmentOf(actor, chance),
      leadership,
    });
    this.#members.set(slot, { actor, process, leadership });
    actor.onDeath = () => {
      this.#journal.note(`${actor.name} ends`);
      this.#members.delete(slot);
      timeline.after(RESTART_MS, () => this.#start(slot));
    };
    const ended = (): void => actor.kill();
    process.done.then(ended, ended);
    if (duty === 'lead') leadership.raise();
    this.#journal.note(`${actor.name} starts, to ${duty}`);
  }
}
