import { setTimeout as sleep } from 'node:timers/promises';
import { Chronicle } from './chronicle.ts';
import { addTunnels, type Churned, type ChurnOptions, churn } from './churn.ts';
import { ScaleCluster } from './cluster.ts';
import { ControllerProcess } from './controller-process.ts';
import { duplicatesIn } from './duplicates.ts';
import { Given } from './given.ts';
import { leaksIn } from './leaks.ts';
import { takePicture } from './picture.ts';
import { unservedIn } from './unserved.ts';

export interface Figures extends Churned {
  routers: number;
  tunnels: number;
  churnSeconds: number;
  /** From the last change of a person until all was served and both were quiet. */
  settleSeconds: number;
  writes: number;
  /** Of both together, in so many seconds at rest. */
  writesAtRest: number;
  /** Of a controller that is started on what the two have left. */
  writesOfTheNext: number;
  duplicates: string[];
  changed: string[];
  leaks: string[];
  unserved: string[];
  /** Peers that were taken away for a moment, though their Routers stayed. */
  flaps: string[];
  /** What became of the Routers that are named above. */
  stories: string[];
}

const LOOK_MS = 1_000;
const REST_MS = 5_000;
/** What the controller gathers it writes after a second; a busy machine is later still. */
const QUIET_LOOKS = 4;
const SETTLE_LIMIT_MS = 180_000;
/** Short, so that addresses come free and are given again while the two work. */
const QUARANTINE_SECONDS = 5;

/** Two controllers on one API server, each told that it leads, while Routers come and go. */
export async function twoLeaders(options: ChurnOptions): Promise<Figures> {
  const cluster = await ScaleCluster.start(['a'], { quarantineSeconds: QUARANTINE_SECONDS });
  const leaders: ControllerProcess[] = [];
  const chronicle = new Chronicle(cluster.client);
  try {
    for (let i = 0; i < 2; i++) leaders.push((await ControllerProcess.start(cluster.plane)).go());
    await Promise.all(leaders.map((leader) => leader.untilLeading()));
    await addTunnels(cluster, options.tunnels);
    const watch = new Watch(cluster);
    const [churned] = await Promise.all([
      churn(cluster, options).finally(() => watch.stop()),
      watch.untilStopped(),
    ]);
    const settleSeconds = await untilQuiet(watch, leaders);
    const writes = writesOf(leaders);
    await sleep(REST_MS);
    const writesAtRest = writesOf(leaders) - writes;
    for (const leader of leaders) await leader.end();
    const next = (await ControllerProcess.start(cluster.plane)).go();
    leaders.push(next);
    await next.untilLeading();
    await sleep(REST_MS);
    const picture = await watch.look();
    const problems = {
      duplicates: [...watch.duplicates],
      changed: [...watch.changed],
      leaks: leaksIn(picture),
      unserved: unservedIn(picture),
      flaps: chronicle.flaps,
    };
    const named = new Set(
      Object.values(problems)
        .flat()
        .join(' ')
        .match(/a\/[a-z]\d*-\d+/g),
    );
    return {
      ...churned,
      routers: picture.routers.size,
      tunnels: picture.tunnels.size,
      churnSeconds: options.seconds,
      settleSeconds,
      writes,
      writesAtRest,
      writesOfTheNext: next.writes,
      ...problems,
      stories: [...named].slice(0, 5).flatMap((key) => [key, ...chronicle.of(key)]),
    };
  } finally {
    chronicle.stop();
    for (const leader of leaders) await leader.remove();
    await cluster.stop();
  }
}

const writesOf = (leaders: readonly ControllerProcess[]): number =>
  leaders.reduce((sum, { writes }) => sum + writes, 0);

/** Looks at everything again and again: what two have at any moment counts, also when it is mended later. */
class Watch {
  readonly duplicates = new Set<string>();
  readonly changed = new Set<string>();
  readonly #cluster: ScaleCluster;
  readonly #given = new Given();
  #isOver = false;

  constructor(cluster: ScaleCluster) {
    this.#cluster = cluster;
  }

  async look() {
    const picture = await takePicture(this.#cluster.client);
    for (const one of duplicatesIn(picture)) this.duplicates.add(one);
    for (const one of this.#given.compare(picture)) this.changed.add(one);
    return picture;
  }

  async untilStopped(): Promise<void> {
    for (; !this.#isOver; await sleep(LOOK_MS)) await this.look();
  }

  stop(): void {
    this.#isOver = true;
  }
}

/** Until all is as it should be and nobody writes; gives up after a time. Seconds. */
async function untilQuiet(watch: Watch, leaders: readonly ControllerProcess[]): Promise<number> {
  const began = performance.now();
  let writes = -1;
  for (
    let quiet = 0;
    quiet < QUIET_LOOKS && performance.now() - began < SETTLE_LIMIT_MS;
    await sleep(LOOK_MS)
  ) {
    const before = writes;
    writes = writesOf(leaders);
    const picture = await watch.look();
    const isDone = leaksIn(picture).length + unservedIn(picture).length === 0;
    quiet = writes === before && isDone ? quiet + 1 : 0;
  }
  return Math.round((performance.now() - began) / 1000);
}
