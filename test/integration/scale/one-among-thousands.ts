import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../../../bench/bare.ts';
import { router, routersPath } from '../../../bench/manifests.ts';
import type { Stage } from '../../../bench/stage.ts';

/** Where one person applies one Router, seen from a pipeline that applies thousands. */
export const PLACES = ['same tenant', 'another tenant', 'new tenant'] as const;
export type Place = (typeof PLACES)[number];

export interface Waited {
  place: Place;
  /** From the create to the script in the status. */
  ms: number;
  /** Of the thousands, served meanwhile. */
  servedMeanwhile: number;
  /** Of the thousands, not served yet at the end. */
  left: number;
}

export interface Thousands {
  routers: number;
  /** Of how many tenants, all in one namespace. */
  tenants: number;
  /** Applied while the controller works; else before it starts. */
  live: boolean;
  /** How often somebody applies one in each place. */
  times: number;
}

const SCRIPTS = { verb: 'apply', resource: 'routers/status', status: '200' };
const PAUSE_MS = 100;
let serial = 0;

/** One Router after another applied by a person while thousands are worked off. */
export async function oneAmongThousands(stage: Stage, thousands: Thousands): Promise<Waited[]> {
  const { routers, tenants, live, times } = thousands;
  const run = ++serial;
  const [bulk, calm] = [`bulk-${run}`, `calm-${run}`];
  await stage.addNamespaces([bulk, calm]);
  const apply = (namespace: string, name: string, tenant: string) =>
    stage.bare.send('POST', routersPath(namespace), router(name, tenant));
  const applyBulk = () => inParallel(routers, (i) => apply(bulk, `r-${i}`, `${bulk}-${i % tenants}`));

  if (!live) await applyBulk();
  const controller = await stage.startController();
  try {
    const applying = live ? applyBulk() : Promise.resolve();
    const served = () => controller.metric('tto_kube_request_seconds_count', SCRIPTS);
    await until(async () => (await served()) > routers / 50);
    const tenantOf: Record<Place, (i: number) => [string, string]> = {
      'same tenant': () => [bulk, `${bulk}-0`],
      'another tenant': () => [calm, calm],
      'new tenant': (i) => [calm, `${calm}-${i}`],
    };
    await applyOne(stage, calm, 'first', calm);
    const waited: Waited[] = [];
    let people = 1;
    for (let i = 0; i < times; i++) {
      for (const place of PLACES) {
        const before = await served();
        const [namespace, tenant] = tenantOf[place](i);
        const ms = await applyOne(stage, namespace, `person-${i}-${place.split(' ')[0]}`, tenant);
        const after = await served();
        people++;
        waited.push({ place, ms, servedMeanwhile: after - before - 1, left: routers + people - after });
        await sleep(PAUSE_MS);
      }
    }
    await applying;
    await until(async () => (await served()) >= routers + people);
    return waited;
  } finally {
    await controller.stop();
  }
}

async function applyOne(stage: Stage, namespace: string, name: string, tenant: string): Promise<number> {
  const watch = await stage.bare.watchOne(routersPath(namespace), name);
  const began = performance.now();
  const hasScript = watch.until(
    (object) => (object as { status?: { script?: string } }).status?.script !== undefined,
  );
  await stage.bare.send('POST', routersPath(namespace), router(name, tenant));
  await hasScript;
  return performance.now() - began;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(PAUSE_MS);
}
