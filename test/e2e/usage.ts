import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats, Kubernetes } from '../testbed/kubernetes/index.ts';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';

const MIB = 2 ** 20;

/** What a container uses in a while, as a pod's resources are written: thousandths of a processor, MiB. */
export interface Usage {
  /** E.g. `agent`; the larger one where there are several pods of a workload. */
  container: string;
  millicores: number;
  memoryMiB: number;
  peakMiB: number | null;
}

/** Measures for `seconds`, each kind of container of ours by itself. */
export async function measureUsage(cluster: Kubernetes, seconds = 10): Promise<Usage[]> {
  const before = await cluster.stats({ namespace: SYSTEM_NAMESPACE });
  const began = performance.now();
  await sleep(seconds * 1000);
  const after = await cluster.stats({ namespace: SYSTEM_NAMESPACE });
  const elapsed = (performance.now() - began) / 1000;
  const found = new Map<string, Usage>();
  for (const now of after) {
    const then = before.find((one) => isSame(one, now));
    if (then === undefined) continue;
    const usage = {
      container: now.container,
      millicores: ((now.cpuSeconds - then.cpuSeconds) / elapsed) * 1000,
      memoryMiB: now.memoryBytes / MIB,
      peakMiB: now.peakMemoryBytes === null ? null : now.peakMemoryBytes / MIB,
    };
    const other = found.get(now.container);
    found.set(now.container, other === undefined ? usage : larger(usage, other));
  }
  return [...found.values()].sort((a, b) => a.container.localeCompare(b.container));
}

const isSame = (a: ContainerStats, b: ContainerStats): boolean =>
  a.podUid === b.podUid && a.container === b.container && a.restarts === b.restarts;

const larger = (a: Usage, b: Usage): Usage => ({
  container: a.container,
  millicores: Math.max(a.millicores, b.millicores),
  memoryMiB: Math.max(a.memoryMiB, b.memoryMiB),
  peakMiB: a.peakMiB === null || b.peakMiB === null ? null : Math.max(a.peakMiB, b.peakMiB),
});

interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** Resources of each kind of container of ours, as the chart has set them. */
export async function resourcesOf(cluster: Kubernetes): Promise<Map<string, Resources>> {
  const pods: { spec: { containers: { name: string; resources: Resources }[] } }[] = (
    await cluster.request('GET', `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`)
  ).json().items;
  return new Map(
    pods.flatMap(({ spec }) => spec.containers.map(({ name, resources }) => [name, resources] as const)),
  );
}

/** One row a container: what it uses in each phase beside what the chart asks and allows. */
export function usageTable(
  phases: ReadonlyMap<string, readonly Usage[]>,
  resources: ReadonlyMap<string, Resources>,
): string[][] {
  const rows = [['container', 'when', 'CPU', 'memory', 'peak', 'requests', 'limits']];
  for (const [container, { requests = {}, limits = {} }] of resources) {
    for (const [phase, usages] of phases) {
      const usage = usages.find((one) => one.container === container);
      if (usage === undefined) continue;
      rows.push([
        container,
        phase,
        `${usage.millicores.toFixed(0)}m`,
        `${usage.memoryMiB.toFixed(0)}Mi`,
        usage.peakMiB === null ? '' : `${usage.peakMiB.toFixed(0)}Mi`,
        `${requests.cpu ?? '-'} ${requests.memory ?? '-'}`,
        `${limits.cpu ?? '-'} ${limits.memory ?? '-'}`,
      ]);
    }
  }
  return rows;
}

/** `128Mi`, `1Gi` in MiB. */
export function memoryInMiB(quantity: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`"${quantity}" is no quantity that the chart writes.`);
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}
