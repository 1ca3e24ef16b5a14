import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUnified } from './cgroups.ts';
import type { ContainerStats } from './types.ts';

const ROOT = '/sys/fs/cgroup';

/** What of a Pod object counts here. */
export interface RunningPod {
  metadata: { name: string; namespace: string; uid: string };
  spec: { nodeName?: string };
  status: {
    qosClass?: string;
    containerStatuses?: {
      name: string;
      restartCount: number;
      containerID?: string;
      state?: { running?: object };
    }[];
  };
}

/** Reads what a pod's running containers use. @param cgroup the node's, as kubelet was told it */
export function podStats(pod: RunningPod, cgroup: string): ContainerStats[] {
  const { name, namespace, uid } = pod.metadata;
  const level = pod.status.qosClass === 'Guaranteed' ? '' : (pod.status.qosClass ?? '').toLowerCase();
  const group = join(cgroup, 'kubepods', level, `pod${uid}`);
  return (pod.status.containerStatuses ?? []).flatMap((status) => {
    const id = /^containerd:\/\/(\w+)$/.exec(status.containerID ?? '')?.[1];
    if (id === undefined || status.state?.running === undefined) return [];
    const usage = readUsage(join(group, id));
    if (usage === null) return [];
    return {
      node: pod.spec.nodeName ?? '',
      namespace,
      pod: name,
      podUid: uid,
      container: status.name,
      restarts: status.restartCount,
      ...usage,
    };
  });
}

type Usage = Pick<ContainerStats, 'cpuSeconds' | 'memoryBytes' | 'peakMemoryBytes'>;

/** Null when the group has gone meanwhile. */
function readUsage(group: string): Usage | null {
  try {
    return isUnified() ? readUnified(join(ROOT, group)) : readVersion1(group);
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function readUnified(directory: string): Usage {
  const peak = join(directory, 'memory.peak');
  const idle = field(join(directory, 'memory.stat'), 'inactive_file');
  return {
    cpuSeconds: field(join(directory, 'cpu.stat'), 'usage_usec') / 1e6,
    memoryBytes: Math.max(0, whole(join(directory, 'memory.current')) - idle),
    peakMemoryBytes: existsSync(peak) ? whole(peak) : null,
  };
}

function readVersion1(group: string): Usage {
  const memory = join(ROOT, 'memory', group);
  const idle = field(join(memory, 'memory.stat'), 'total_inactive_file');
  return {
    cpuSeconds: whole(join(ROOT, 'cpuacct', group, 'cpuacct.usage')) / 1e9,
    memoryBytes: Math.max(0, whole(join(memory, 'memory.usage_in_bytes')) - idle),
    peakMemoryBytes: whole(join(memory, 'memory.max_usage_in_bytes')),
  };
}

const whole = (file: string): number => Number(readFileSync(file, 'utf8'));

function field(file: string, name: string): number {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  return Number(value ?? 0);
}
