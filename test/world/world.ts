import { ROUTER_PROFILES } from '../../src/api/index.ts';
import type { ControllerClient } from '../../src/controller/start.ts';
import type { Secret } from '../../src/kube/index.ts';
import { Actor } from './actor.ts';
import { AgentModel } from './agent.ts';
import { ApiServer } from './api/server.ts';
import { Chance } from './chance.ts';
import { worldClient } from './client.ts';
import { cloud } from './cloud.ts';
import { Crew } from './crew.ts';
import { Devices } from './devices.ts';
import { Invariants } from './invariants/all.ts';
import { Journal } from './journal.ts';
import { Network } from './network.ts';
import { act, ledgerOf, putBack } from './people.ts';
import { Picture } from './picture.ts';
import { ProfilesAgent } from './profiles-agent.ts';
import { shaking } from './shaking.ts';
import type { Deed, History, Step } from './steps.ts';
import { said } from './steps.ts';
import { Timeline } from './timeline.ts';
import { Violation } from './violation.ts';
import { type Fault, WEATHERS } from './weather.ts';

/** What a history came to. */
export interface Outcome {
  violation: { invariant: string; message: string } | undefined;
  journal: readonly string[];
  faults: Readonly<Record<string, Fault>>;
  events: number;
  writes: number;
}

export interface WorldOptions {
  /** Whether what processes log is told, too. */
  isLoud?: boolean;
  /** A bug on purpose: what each controller process gets in place of its client. */
  meddle?: (client: ControllerClient, server: ApiServer) => ControllerClient;
}

/** Lives a history from an empty cluster to its end. */
export const lived = (history: History, options: WorldOptions = {}): Promise<Outcome> =>
  new World(history, options).live(history.steps);

/** So long without a write, and nothing is to be expected any more: longer than any look again, ms. */
const QUIET_MS = 150_000;
/** The same where profiles are: a canary that went away is waited for, ms. */
const QUIET_WITH_PROFILES_MS = 660_000;
/** A world that has not come to rest by then never will, ms. */
const RESTLESS_MS = 3_600_000;
/** Longer than the quarantine, ms. */
const QUARANTINE_MS = 700_000;

export class World {
  readonly timeline = new Timeline();
  readonly journal: Journal;
  readonly server = new ApiServer(() => this.timeline.wall);
  readonly network: Network;
  readonly crew: Crew;
  readonly #agent: AgentModel;
  readonly #invariants: Invariants;
  #backup: Secret[] = [];
  #lastWrite = 0;
  #writes = 0;

  constructor(history: Pick<History, 'seed' | 'faults'>, { isLoud = false, meddle }: WorldOptions = {}) {
    this.journal = new Journal(this.timeline, isLoud);
    const chance = new Chance(history.seed);
    const tell = (line: string) => this.journal.note(line);
    this.network = new Network(this.timeline, chance, history.faults, tell);
    const picture = new Picture();
    const devices = new Devices(this.server);
    this.#invariants = new Invariants(this.server, picture, this.journal, this.timeline, devices);
    cloud(this.server, this.timeline);
    this.crew = new Crew(this.server, this.network, this.journal, meddle);
    const agent = new Actor('agent', this.timeline);
    const client = worldClient(agent, this.server, this.network);
    this.#agent = new AgentModel(agent, this.server, client, picture, devices);
    new ProfilesAgent(agent, this.server, client, picture, (key) => this.#agent.isConnected(key));
    this.server.onChange(() => {
      this.#lastWrite = this.timeline.now;
      this.#writes++;
    });
  }

  /** Lives through the steps, comes to rest, is looked at, now and after the quarantine, and is shaken. */
  async live(steps: readonly Step[]): Promise<Outcome> {
    let violation: Outcome['violation'];
    try {
      for (const step of steps) {
        await this.timeline.run(this.timeline.now + step.after);
        this.journal.note(`── ${said(step)}`);
        this.#do(step);
      }
      await this.#end();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation = { invariant: error.invariant, message: error.message };
      this.journal.note(`✗ ${error.invariant}: ${error.message}`);
    }
    return {
      violation,
      journal: this.journal.lines,
      faults: this.network.faults,
      events: this.timeline.events,
      writes: this.#writes,
    };
  }

  async #end(): Promise<void> {
    this.network.weather = WEATHERS.calm;
    this.#do({ do: 'duty', slot: 'B', duty: 'off' });
    this.#do({ do: 'duty', slot: 'A', duty: 'lead' });
    await this.#rest('after all steps');
    this.#look();
    await this.timeline.run(this.timeline.now + QUARANTINE_MS);
    await this.#rest('after the quarantine');
    this.#look();
    await this.#shake();
  }

  /** Whatever happens now to processes and the network, there is nothing to do, and nothing is done. */
  async #shake(): Promise<void> {
    const { version } = this.server;
    const { length } = this.journal.lines;
    for (const [at, deed] of shaking(this.network.chance).entries()) {
      this.journal.note(`── ${said({ after: 0, ...deed })}`);
      this.#do(deed);
      await this.timeline.run(this.timeline.now + this.network.chance.between(`shake ${at}`, 0, 9000));
    }
    this.network.weather = WEATHERS.calm;
    this.#do({ do: 'duty', slot: 'B', duty: 'off' });
    this.#do({ do: 'duty', slot: 'A', duty: 'lead' });
    await this.#rest('after all is shaken');
    if (this.server.version === version) return;
    throw new Violation('8 rest', `written at rest: ${this.journal.lines.slice(length).join('; ')}`);
  }

  #look(): void {
    this.#invariants.atRest({ wall: this.timeline.wall, cursed: this.network.cursed });
  }

  async #rest(when: string): Promise<void> {
    this.journal.note(`── rest ${when}`);
    const { timeline } = this;
    const limit = timeline.now + RESTLESS_MS;
    this.#lastWrite = timeline.now;
    const quiet = this.server.all(ROUTER_PROFILES).length > 0 ? QUIET_WITH_PROFILES_MS : QUIET_MS;
    while (timeline.now < this.#lastWrite + quiet) {
      if (timeline.now > limit) throw new Violation('8 rest', `never comes to rest ${when}`);
      await timeline.run(this.#lastWrite + quiet);
    }
  }

  #do(deed: Deed): void {
    const { crew, network, server, timeline } = this;
    switch (deed.do) {
      case 'weather':
        network.weather = WEATHERS[deed.name];
        break;
      case 'duty':
        crew.setDuty(deed.slot, deed.duty);
        break;
      case 'kill':
        crew.actor(deed.slot)?.kill();
        break;
      case 'doom': {
        const actor = crew.actor(deed.slot);
        if (actor !== undefined) actor.doom = { writesLeft: deed.writes, written: deed.written };
        break;
      }
      case 'stall':
        crew.actor(deed.slot)?.stall(deed.ms);
        break;
      case 'cut':
        for (const cut of [...(crew.actor(deed.slot)?.watches ?? [])]) cut();
        break;
      case 'compact':
        server.compact();
        break;
      case 'curse':
        network.cursed.add(deed.what);
        break;
      case 'bless':
        network.cursed.clear();
        break;
      case 'back up':
        this.#backup = ledgerOf(server);
        break;
      case 'restore':
        for (const secret of this.#backup) putBack(server, secret);
        break;
      case 'connect':
        this.#agent.connect(deed.key);
        break;
      case 'disconnect':
        this.#agent.disconnect(deed.key);
        break;
      default:
        act(server, () => timeline.wall, deed);
    }
  }
}
