import { ANNOTATION_ROUTER_GONE } from '../../../src/api/index.ts';
import { GONE_MS, planBackups } from '../../../src/controller/backups/plan-backups.ts';
import type { KubeObject } from '../../../src/kube/index.ts';

const NOW = Date.UTC(2026, 10, 27);

const backup = (day: number, gone?: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: `abc-${day}`,
    creationTimestamp: `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`,
    ...(gone !== undefined && { annotations: { [ANNOTATION_ROUTER_GONE]: new Date(gone).toISOString() } }),
  },
});

const plan = (backups: KubeObject[], keep: number | undefined) => {
  const { delete: over, note } = planBackups({ backups, keep, now: NOW });
  return [over.map(({ metadata }) => metadata.name), note && [note.on.metadata.name, note.gone]];
};

test('the newest ones stay, whatever order they come in', () => {
  expect(plan([backup(2), backup(9), backup(4), backup(1)], 2)).toEqual([['abc-2', 'abc-1'], undefined]);
  expect(plan([backup(2)], 2)).toEqual([[], undefined]);
  expect(plan([], 2)).toEqual([[], undefined]);
});

test('those of a Router that is gone stay for a month from when that was noticed', () => {
  expect(plan([backup(1), backup(2), backup(3)], undefined)).toEqual([
    [],
    ['abc-3', new Date(NOW).toISOString()],
  ]);
  expect(plan([backup(1), backup(3, NOW - GONE_MS)], undefined)).toEqual([[], undefined]);
  expect(plan([backup(1), backup(3, NOW - GONE_MS - 1)], undefined)).toEqual([['abc-3', 'abc-1'], undefined]);
});

test('a Router that is there again counts anew', () => {
  expect(plan([backup(1), backup(3, NOW - 1)], 3)).toEqual([[], ['abc-3', undefined]]);
  expect(plan([backup(1), backup(3), backup(2, NOW - 1)], 1)).toEqual([['abc-2', 'abc-1'], undefined]);
});

test('a note that nobody can read is written anew', () => {
  const odd = backup(3);
  odd.metadata.annotations = { [ANNOTATION_ROUTER_GONE]: 'soon' };
  expect(plan([odd], undefined)).toEqual([[], ['abc-3', new Date(NOW).toISOString()]]);
});
