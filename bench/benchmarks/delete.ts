import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../bare.ts';
import { FLOOR_GROUP, FLOOR_VERSION, numbered, router, routersPath, tunnelsPath } from '../manifests.ts';
import type { Metrics } from '../results.ts';
import { difference, type RunningProcess, sum } from '../running-process.ts';
import type { Stage } from '../stage.ts';

const LIMIT_MS = 600_000;

/** A tenant with so many Routers deleted, until none of its peers is handed over and no secret of it is left. */
export async function remove(
  stage: Stage,
  controller: RunningProcess,
  namespace: string,
  routers: number,
): Promise<Metrics> {
  const { bare } = stage;
  const names = numbered('router', routers);
  const floorPath = routersPath(namespace, FLOOR_GROUP);
  // A bulk may have left some of the floor's here.
  await bare.deleteAll(floorPath);
  await inParallel(routers, (index) =>
    bare.send('POST', floorPath, router(names[index] as string, namespace, FLOOR_VERSION)),
  );
  const floorBegan = performance.now();
  await bare.deleteAll(floorPath);
  const floorMs = performance.now() - floorBegan;
  const [tunnel] = JSON.parse(await bare.send('GET', tunnelsPath(namespace))).items;
  const index: number = tunnel.status.index;
  const before = await controller.writes();
  const cpuBefore = controller.consumption().cpuSeconds;
  const began = performance.now();
  await bare.deleteAll(routersPath(namespace));
  const objectsGoneMs = performance.now() - began;
  await bare.send('DELETE', tunnelsPath(namespace));
  while ((await leftOf(stage, index)) > 0) {
    if (performance.now() - began > LIMIT_MS) throw new Error(`Tunnel ${index} is still handed over.`);
    await sleep(200);
  }
  const goneMs = performance.now() - began;
  await sleep(3000);
  return {
    routers,
    floorDeleteMs: floorMs,
    objectsGoneMs,
    peersGoneMs: goneMs,
    msPerRouter: goneMs / routers,
    controllerCpuMsPerRouter: ((controller.consumption().cpuSeconds - cpuBefore) * 1000) / routers,
    writesPerRouter: sum(difference(await controller.writes(), before)) / routers,
  };
}

async function leftOf(stage: Stage, index: number): Promise<number> {
  const name = new RegExp(`^tunnel-${index}(-|$)`);
  const kept = await Promise.all((['secrets', 'configmaps'] as const).map((kind) => stage.kept(kind)));
  return kept.flat().filter(({ metadata }) => name.test(metadata.name)).length;
}
