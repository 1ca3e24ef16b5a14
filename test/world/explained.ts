import { type History, said } from './steps.ts';
import type { Outcome } from './world.ts';

/** Lines of the journal that are shown at most, first and last ones. */
const SHOWN = 120;

/** A history and what came of it, for a person to read, with how to live through it again. */
export function explained(history: History, { violation, journal, faults }: Outcome): string {
  const lines = journal.filter((line) => !line.includes(' debug: '));
  const half = SHOWN / 2;
  const shown = lines.length <= SHOWN ? lines : [...lines.slice(0, half), '…', ...lines.slice(-half)];
  return [
    `Broken: ${violation?.invariant}: ${violation?.message}`,
    `Seed ${history.seed}; again: make world SEED=${history.seed} RUNS=1. As a test: an entry in test/world/found with`,
    ...history.steps.map((step) => `      ${JSON.stringify(step)},`),
    `      faults: ${JSON.stringify(faults)}`,
    'The steps:',
    ...history.steps.map(said),
    'What happened, ms since the beginning:',
    ...shown,
  ].join('\n');
}
