import type { ProfileReport } from '../../../../src/api/index.ts';
import { driftActions, lookOutcome } from '../../../../src/gateway/profiles/look-outcome.ts';

const reports = (...states: ProfileReport['state'][]) => states.map((state) => ({ state }));
const before = (...states: (ProfileReport['state'] | undefined)[]) =>
  states.map((state) => ({ before: state && ({ state } as ProfileReport) }));

test.each([
  [{ stopped: true, writes: 3 }, reports('Failed', 'Applied'), 'undone'],
  [{ stopped: false, writes: 3 }, reports('Failed', 'Applied'), 'failed'],
  [{ stopped: false, writes: 3 }, reports('Applied', 'Drifted'), 'changed'],
  [{ stopped: false, writes: 0 }, reports('Applied', 'Drifted'), 'drifted'],
  [{ stopped: false, writes: 0 }, reports('Planned'), 'planned'],
  [{ stopped: false, writes: 0 }, reports('Planned', 'Applied'), 'unchanged'],
  [{ stopped: false, writes: 0 }, [], 'unchanged'],
] as const)('%j with %j is %s', (result, said, outcome) => {
  expect(lookOutcome(result, said)).toBe(outcome);
});

test('drift counts when it is repaired, and when it is reported for the first time', () => {
  expect(driftActions({ writes: 2 }, before('Applied'), reports('Applied'))).toEqual(['repaired']);
  expect(driftActions({ writes: 0 }, before('Applied'), reports('Drifted'))).toEqual(['reported']);
  expect(driftActions({ writes: 0 }, before('Drifted'), reports('Drifted'))).toEqual([]);
  expect(driftActions({ writes: 1 }, before('Applied', 'Applied'), reports('Applied', 'Drifted'))).toEqual([
    'repaired',
    'reported',
  ]);
  expect(driftActions({ writes: 0 }, before(undefined), reports('Applied'))).toEqual([]);
});
