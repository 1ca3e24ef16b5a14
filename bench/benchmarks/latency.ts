import type { Pattern } from '../floor.ts';
import { FLOOR_GROUP, FLOOR_VERSION, router, routersPath } from '../manifests.ts';
import { percentile } from '../percentile.ts';
import type { Metrics } from '../results.ts';
import type { Stage } from '../stage.ts';

/** How often, unless asked for less. */
const TIMES = 200;

/** One Router after another applied into a fleet that is there, until its script is; the floor in turn with it. */
export async function latency(
  stage: Stage,
  namespace: string,
  pattern: Pattern,
  times = TIMES,
): Promise<Metrics> {
  const { bare } = stage;
  const status = JSON.stringify({ apiVersion: FLOOR_VERSION, kind: 'Router', status: pattern.router });
  const floors: number[] = [];
  const operators: number[] = [];
  for (let index = 0; index < times; index++) {
    const name = `late-${String(index).padStart(3, '0')}`;
    const bareStart = performance.now();
    const path = routersPath(namespace, FLOOR_GROUP);
    await bare.send('POST', path, router(name, namespace, FLOOR_VERSION));
    await bare.send(
      'PATCH',
      `${path}/${name}/status?fieldManager=floor&force=true`,
      status,
      'application/apply-patch+yaml',
    );
    floors.push(performance.now() - bareStart);

    const watch = await bare.watchOne(routersPath(namespace), name);
    const start = performance.now();
    const isServed = watch.until(
      (object) => (object as { status?: { script?: string } }).status?.script !== undefined,
    );
    await bare.send('POST', routersPath(namespace), router(name, namespace));
    await isServed;
    operators.push(performance.now() - start);
  }
  const of = (values: number[]): Metrics => ({
    p50Ms: percentile(values, 0.5),
    p99Ms: percentile(values, 0.99),
    mostMs: Math.max(...values),
  });
  return {
    times,
    floor: of(floors),
    operator: of(operators),
    p50Ratio: percentile(operators, 0.5) / percentile(floors, 0.5),
    p99Ratio: percentile(operators, 0.99) / percentile(floors, 0.99),
  };
}
