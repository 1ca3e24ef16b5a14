import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './bare.ts';
import { router, routersPath } from './manifests.ts';
import { difference, type RunningProcess, type Writes } from './running-process.ts';
import type { Stage } from './stage.ts';

const SCRIPT = { verb: 'apply', resource: 'routers/status', status: '200' };
/** Between looks at the least, ms: each costs the controller 8 ms, over 1,000 tunnels 20. */
const LOOK_MS = 150;
/** A fleet of which little is served yet tells nothing of the rest. */
const MOST_MS = 20_000;
/** What is written behind the scripts (peers, counts) has ended by then. */
const SETTLE_MS = 3_000;

export interface Applied {
  /** From the first create to the last script, ms a router. */
  msPerRouter: number;
  controllerCpuMsPerRouter: number;
  /** Of the controller, all together. */
  writes: Writes;
}

/** Applies Routers, as many in each namespace, until every script is in its status. */
export async function applyFleet(
  stage: Stage,
  controller: RunningProcess,
  namespaces: readonly string[],
  names: readonly string[],
): Promise<Applied> {
  const total = namespaces.length * names.length;
  const count = 'tto_kube_request_seconds_count';
  const scriptsBefore = await controller.metric(count, SCRIPT);
  const writesBefore = await controller.writes();
  const cpuBefore = controller.consumption().cpuSeconds;
  const began = performance.now();
  await inParallel(total, (index) => {
    const namespace = namespaces[index % namespaces.length] as string;
    const name = names[Math.floor(index / namespaces.length)] as string;
    return stage.bare.send('POST', routersPath(namespace), router(name, namespace));
  });
  for (;;) {
    const served = (await controller.metric(count, SCRIPT)) - scriptsBefore;
    if (served >= total) break;
    // When half of the rest should be done, so that a large fleet is looked at as seldom as a small one.
    const msEach = (performance.now() - began) / Math.max(1, served);
    await sleep(Math.max(LOOK_MS, Math.min(MOST_MS, ((total - served) * msEach) / 2)));
  }
  const ms = performance.now() - began;
  await sleep(SETTLE_MS);
  await assertServed(stage, namespaces, names.length);
  return {
    msPerRouter: ms / total,
    controllerCpuMsPerRouter: ((controller.consumption().cpuSeconds - cpuBefore) * 1000) / total,
    writes: difference(await controller.writes(), writesBefore),
  };
}

/** Every Router has its script; counting writes alone would not prove it. */
async function assertServed(stage: Stage, namespaces: readonly string[], each: number): Promise<void> {
  for (const namespace of namespaces) {
    let served = 0;
    for (let next = ''; ; ) {
      const page = await stage.bare.send('GET', `${routersPath(namespace)}?limit=500&continue=${next}`);
      const { items, metadata } = JSON.parse(page);
      served += items.filter(
        (one: { status?: { script?: string } }) => one.status?.script !== undefined,
      ).length;
      next = encodeURIComponent(metadata.continue ?? '');
      if (next === '') break;
    }
    if (served < each)
      throw new Error(`In namespace ${namespace} only ${served} of ${each} Routers have a script.`);
  }
}
