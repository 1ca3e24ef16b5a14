import { setTimeout as sleep } from 'node:timers/promises';
import { router, routersPath } from '../manifests.ts';
import { percentile } from '../percentile.ts';
import type { Metrics } from '../results.ts';
import { difference, perOne, type RunningProcess, sum } from '../running-process.ts';
import type { Stage } from '../stage.ts';

const A_SECOND = 20;
const SECONDS = Number(process.env.CHURN_SECONDS ?? 600);
/** A Router lives so long before it is deleted. */
const LIFE_SECONDS = 30;
const SETTLE_MS = 10_000;

/** Routers made and deleted, 20 of each a second, in tenants that are there; every fifth is timed until its script. */
export async function churn(
  stage: Stage,
  controller: RunningProcess,
  namespaces: readonly string[],
): Promise<Metrics> {
  const { bare } = stage;
  const writesBefore = await controller.writes();
  const before = controller.consumption();
  const served: number[] = [];
  const timed: Promise<void>[] = [];
  const place = (index: number) => ({
    name: `churn-${index}`,
    namespace: namespaces[index % namespaces.length] as string,
  });
  const make = async (index: number): Promise<void> => {
    const { name, namespace } = place(index);
    const path = routersPath(namespace);
    if (index % 5 !== 0) return void (await bare.send('POST', path, router(name, namespace)));
    const watch = await bare.watchOne(path, name);
    const start = performance.now();
    const isServed = watch.until(
      (object) => (object as { status?: { script?: string } }).status?.script !== undefined,
    );
    await bare.send('POST', path, router(name, namespace));
    await isServed;
    served.push(performance.now() - start);
  };
  const remove = async (index: number): Promise<void> => {
    const { name, namespace } = place(index);
    await bare.send('DELETE', `${routersPath(namespace)}/${name}`);
  };
  const began = performance.now();
  const total = SECONDS * A_SECOND;
  const life = LIFE_SECONDS * A_SECOND;
  for (let index = 0; index < total + life; index++) {
    const due = began + (index * 1000) / A_SECOND;
    await sleep(Math.max(0, due - performance.now()));
    if (index < total) timed.push(make(index));
    if (index >= life) timed.push(remove(index - life));
  }
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(timed);
  await sleep(SETTLE_MS);
  const after = controller.consumption();
  const writes = difference(await controller.writes(), writesBefore);
  return {
    routers: total,
    seconds,
    scriptP50Ms: percentile(served, 0.5),
    scriptP99Ms: percentile(served, 0.99),
    scriptMostMs: Math.max(...served),
    writesPerRouter: sum(writes) / total,
    writesPerRouterByKind: perOne(writes, total),
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
    residentMiBBefore: before.residentMiB,
    residentMiBAfter: after.residentMiB,
    peersLeft: await peersLeft(stage),
  };
}

/** Peers of churned Routers that are still handed over: leaks. */
async function peersLeft(stage: Stage): Promise<number> {
  const maps = await stage.kept('configmaps');
  return maps.reduce(
    (count, { data = {} }) => count + (data['peers.conf']?.match(/churn-\d+/g)?.length ?? 0),
    0,
  );
}
