import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machine } from './machine.ts';

export const RESULTS = join(import.meta.dirname, 'results');

/** What a benchmark found: numbers, lists of them, and groups of them, with the unit in the name. */
export type Metrics = { [name: string]: number | number[] | string | Metrics | Metrics[] };

/** One file of bench/results. */
export interface Result {
  name: string;
  /** ISO time of the end. */
  date: string;
  /** Of the code that was measured; `+` behind it: with changes that were not committed. */
  commit: string;
  machine: Machine;
  metrics: Metrics;
}

export function saveResult(name: string, metrics: Metrics): string {
  const result: Result = {
    name,
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    metrics: rounded(metrics) as Metrics,
  };
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', 'src') === '' ? '' : '+'}`;
}

/** Four digits say all that a measurement on a shared machine can. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rounded(inner)]));
}
