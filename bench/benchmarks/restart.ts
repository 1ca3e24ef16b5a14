import { setTimeout as sleep } from 'node:timers/promises';
import type { Metrics } from '../results.ts';
import { type RunningProcess, sum } from '../running-process.ts';
import type { Stage } from '../stage.ts';

/** Until the queues are empty and have stayed so. */
const QUIET_MS = 5_000;
/** V8 gives memory back a while after the last garbage. */
const REST_MS = 90_000;

/** Starts the controller anew over a fleet that is served. Resolves with it, too. */
export async function restart(
  stage: Stage,
  running: RunningProcess,
): Promise<{ controller: RunningProcess; metrics: Metrics }> {
  await running.stop();
  const began = performance.now();
  const controller = await stage.startController();
  const readyMs = performance.now() - began;
  let quietSince = performance.now();
  while (performance.now() - quietSince < QUIET_MS) {
    if ((await controller.metric('tto_controller_queue_depth')) > 0) quietSince = performance.now();
    await sleep(250);
  }
  const workedOffMs = quietSince - began;
  await sleep(REST_MS);
  const { cpuSeconds, peakMiB, residentMiB } = controller.consumption();
  const writes = await controller.writes();
  return {
    controller,
    metrics: {
      routers: await controller.metric('tto_controller_routers'),
      readySeconds: readyMs / 1000,
      workedOffSeconds: workedOffMs / 1000,
      writes: sum(writes),
      writesByKind: writes,
      cpuSeconds,
      peakMiB,
      residentMiB,
    },
  };
}
