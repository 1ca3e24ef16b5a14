import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../testbed/fault-proxy.ts';
import { duplicatesIn } from './duplicates.ts';
import { Given } from './given.ts';
import { leaksIn } from './leaks.ts';
import { type Picture, takePicture } from './picture.ts';
import { ACTS } from './scenario.ts';
import type { Stage } from './stage.ts';
import { unservedIn } from './unserved.ts';

/** What becomes of the write in whose middle the controller is killed. */
export const FATES = [
  /** It never reaches the server. */
  'lost',
  /** The server carries it out, and its reply is lost. */
  'done',
  /** It arrives only when the next controller has finished, as from a connection that hung. */
  'late',
] as const;
export type Fate = (typeof FATES)[number];

export interface Outcome {
  /** Number of the act in which it was killed, from 0; undefined: there were not so many writes. */
  killedIn: number | undefined;
  /** Writes of whoever began. */
  writes: number;
  duplicates: string[];
  /** What somebody had been given and has no longer. */
  changed: string[];
  leaks: string[];
  unserved: string[];
}

export const problemsOf = ({ duplicates, changed, leaks, unserved }: Outcome): string[] => [
  ...duplicates,
  ...changed,
  ...leaks,
  ...unserved,
];

const LOOK_MS = 200;
const LIMIT_MS = 180_000;

/**
 * Plays the scenario with a controller that is killed in the middle of its write number `k`, and another that finishes.
 * Of those killed in the first act every other is followed only after the second: people go on while nobody serves.
 */
export async function killAtWrite(stage: Stage, k: number, fate: Fate): Promise<Outcome> {
  return new Run(stage, k, fate).play();
}

class Run {
  readonly #stage: Stage;
  readonly #k: number;
  readonly #fate: Fate;
  readonly #given = new Given();
  readonly #outcome: Outcome = {
    killedIn: undefined,
    writes: 0,
    duplicates: [],
    changed: [],
    leaks: [],
    unserved: [],
  };
  readonly #late = Promise.withResolvers<void>();
  #isDead = false;
  #isLate = false;
  #act = 0;
  #picture: Picture | undefined;

  constructor(stage: Stage, k: number, fate: Fate) {
    this.#stage = stage;
    this.#k = k;
    this.#fate = fate;
  }

  async play(): Promise<Outcome> {
    const victim = this.#stage.controller;
    victim.countAnew((n) => (n === this.#k ? this.#trap() : undefined));
    for (; this.#act < ACTS.length; this.#act++) {
      await this.#playAct();
      if (!(await this.#rest())) break;
    }
    this.#late.resolve();
    this.#outcome.writes = victim.writes;
    this.#stage.controller.countAnew();
    return this.#outcome;
  }

  #trap(): Fault {
    const kill = (): void => {
      this.#stage.controller.killNow();
      this.#isDead = true;
    };
    if (this.#fate === 'done') return { kind: 'keepReply', done: kill };
    if (this.#fate === 'late') {
      this.#isLate = true;
      return { kind: 'hold', until: this.#late.promise, taken: kill };
    }
    kill();
    return { kind: 'hang' };
  }

  async #playAct(): Promise<void> {
    this.#picture ??= await takePicture(this.#stage.cluster.client);
    await ACTS[this.#act]?.(this.#stage.cluster, this.#picture);
  }

  /** Until all is as it should be and nobody writes any more; false when it never is. */
  async #rest(): Promise<boolean> {
    const end = performance.now() + LIMIT_MS;
    for (let writes = -1; ; await sleep(LOOK_MS)) {
      if (this.#isDead) await this.#succeed();
      const before = writes;
      writes = this.#stage.controller.writes;
      const picture = await this.#look();
      const isAtRest = this.#outcome.leaks.length + this.#outcome.unserved.length === 0 && writes === before;
      if (!isAtRest && performance.now() > end) return false;
      if (this.#outcome.duplicates.length + this.#outcome.changed.length > 0) return false;
      if (!isAtRest || this.#isDead) continue;
      if (this.#act === ACTS.length - 1 && picture.tunnels.size > 0) {
        // Made anew, by a write that was under way when its routers went.
        await this.#playAct();
        continue;
      }
      if (!this.#isLate) return true;
      this.#isLate = false;
      this.#late.resolve();
      await sleep(LOOK_MS);
    }
  }

  async #succeed(): Promise<void> {
    this.#isDead = false;
    this.#outcome.killedIn = this.#act;
    await this.#look();
    if (this.#act === 0 && this.#k % 2 === 1) {
      this.#act++;
      await this.#playAct();
    }
    await this.#stage.next();
  }

  async #look(): Promise<Picture> {
    const picture = await takePicture(this.#stage.cluster.client);
    this.#picture = picture;
    this.#outcome.duplicates.push(...duplicatesIn(picture));
    this.#outcome.changed.push(...this.#given.compare(picture));
    this.#outcome.leaks = leaksIn(picture);
    this.#outcome.unserved = unservedIn(picture);
    return picture;
  }
}
