import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { KUBERNETES } from '../test/testbed/binaries.ts';

/** Where a figure comes from; without it no figure can be compared. */
export interface Machine {
  processor: string;
  /** As the kernel counts them; they may be shared with others. */
  processors: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  kubernetes: string;
}

export const machine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  processors: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  kubernetes: KUBERNETES,
});

const CLOCK_TICKS = 100;

export interface Consumption {
  /** User and system time since its start, s. */
  cpuSeconds: number;
  /** Resident now, MiB. */
  residentMiB: number;
  /** The most that was ever resident, MiB. */
  peakMiB: number;
}

/** What a process of ours has taken (proc(5): stat fields 14 and 15, status). */
export function consumption(pid: number): Consumption {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS,
    residentMiB: Math.round(kilobytes('VmRSS') / 1024),
    peakMiB: Math.round(kilobytes('VmHWM') / 1024),
  };
}
