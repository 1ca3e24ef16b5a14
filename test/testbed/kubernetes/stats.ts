import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUnified } from './cgroups.ts';
import type { ContainerStats } from './types.ts';

const ROOT = '/sys/fs/cgroup';

/** What of a Pod object counts here. */
export interface RunningPod {
  metadata: { name: string; namespace: string; uid: string };
  spec: { nodeName?: string };
  status: {
    containerStatuses?: {
      name: string;
      restartCount: number;
      containerID?: string;
      state?: { running?: object };
    }[];
  };
}

/** Reads what running containers of pods on nodes of this machine use. */
export function podStats(pods: readonly RunningPod[]): ContainerStats[] {
  const memberships = cgroupFiles();
  return pods.flatMap(({ metadata, spec, status }) =>
    (status.containerStatuses ?? []).flatMap(({ name, restartCount, containerID = '', state }) => {
      const id = /^containerd:\/\/(\w+)$/.exec(containerID)?.[1];
      if (id === undefined || state?.running === undefined) return [];
      const group = groupOf(id, memberships);
      const usage = group === null ? null : readUsage(group);
      if (usage === null) return [];
      return {
        node: spec.nodeName ?? '',
        namespace: metadata.namespace,
        pod: metadata.name,
        podUid: metadata.uid,
        container: name,
        restarts: restartCount,
        ...usage,
      };
    }),
  );
}

/** /proc/PID/cgroup of every process. */
function cgroupFiles(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cgroup`, 'utf8')] : [];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}

/**
 * The control group of a container, the same in every hierarchy: kubelet's drivers and nodes differ in what they call
 * the groups above it, but its processes know.
 */
export function groupOf(container: string, memberships: readonly string[]): string | null {
  const known = memberships.find((text) => text.includes(container)) ?? '';
  return new RegExp(`^[^:]*:[^:]*:(.*${container}[^/\n]*)`, 'm').exec(known)?.[1] ?? null;
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
