import { classDeed } from '../generate/cast.ts';
import type { Step } from '../steps.ts';
import type { Fault } from '../weather.ts';

/** A history that once broke an invariant, made small, and why it did. */
export interface Found {
  bug: string;
  /** Of the history that it was made from. */
  seed: number;
  steps: readonly Step[];
  faults?: Readonly<Record<string, Fault>>;
}

/** Where most of them begin: a node, a class, a leader. */
export const world: readonly Step[] = [
  { do: 'node', name: 'n1', state: 'alive', after: 0 },
  { ...classDeed('standard', true), after: 0 },
  { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
];
