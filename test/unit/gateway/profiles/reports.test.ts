import type { ProfileReport } from '../../../../src/api/index.ts';
import { failureIn, reportsOf } from '../../../../src/gateway/profiles/profile-reports.ts';
import { fingerprint, isSettled, type RouterTask } from '../../../../src/gateway/profiles/router-tasks.ts';
import type { RowProblem } from '../../../../src/routeros/index.ts';
import { routerWith } from '../fixtures.ts';

const before: ProfileReport = { namespace: 'acme', name: 'base', revision: 'old', state: 'Applied' };
const task = (fields: Partial<RouterTask> = {}): RouterTask => ({
  profile: 'acme/base',
  ref: { namespace: 'acme', name: 'base' },
  spec: {},
  secrets: new Map(),
  revision: 'new',
  before,
  maxParallel: undefined,
  mode: 'apply',
  ...fields,
});
const problem = (reason: RowProblem['reason'], row = '/ip/dns'): RowProblem => ({
  profile: 'acme/base',
  row,
  reason,
  message: `${row}: it is so.`,
});
const stateOf = (problems: RowProblem[], fields: Partial<RouterTask> = {}, stopped = false) =>
  reportsOf([task(fields)], { problems, stopped })[0];

test.each([
  ['nothing', [], {}, 'Applied'],
  ['notes alone', [problem('Overridden'), problem('ReadsDifferently')], {}, 'Applied'],
  ['a row that failed', [problem('Overridden'), problem('RouterRefused')], {}, 'Failed'],
  ['drift that is only told', [problem('Drifted')], { mode: 'report' }, 'Drifted'],
  ['a dry run', [problem('Planned')], { mode: 'plan' }, 'Planned'],
  ['a dry run with a mistake', [problem('Planned'), problem('UnknownMenu')], { mode: 'plan' }, 'Failed'],
] as const)('with %s the state is what it should be', (_what, problems, fields, state) => {
  expect(stateOf([...problems], fields)).toMatchObject({ revision: 'new', state });
});

test('a profile that waits keeps what was said of it, or nothing', () => {
  expect(stateOf([], { mode: 'hold' })).toBe(before);
  expect(stateOf([], { mode: 'hold', before: undefined })).toBeUndefined();
});

test('where one was undone the others are not called applied', () => {
  expect(stateOf([], {}, true)).toBe(before);
  expect(stateOf([problem('Undone')], {}, true)).toMatchObject({ state: 'Failed' });
});

test('of many problems the worst are told, and how many more there are', () => {
  const many = Array.from({ length: 20 }, (_, index) => problem('UnknownMenu', `/ip/${index}`));
  const told = stateOf([problem('Overridden'), ...many])?.problems ?? [];
  expect(told).toHaveLength(8);
  expect(told.at(-1)).toEqual({ reason: 'More', message: '14 more rows are not listed here.' });
  expect(told.filter(({ reason }) => reason === 'Overridden')).toEqual([]);
});

test('the condition names profile and row, or the profile that is not there', () => {
  const failed = stateOf([problem('UnknownMenu', '/ip/x')]) as ProfileReport;
  expect(failureIn([failed], [])).toEqual({
    reason: 'ProfileFailed',
    message: 'Profile acme/base: /ip/x: it is so.',
  });
  expect(failureIn([before], ['acme/gone'])?.message).toMatch(/^RouterProfile acme\/gone is named/);
  expect(failureIn([before], [])).toBeUndefined();
});

test('a router is settled when its status says of each profile what is asked, and of no other', () => {
  const router = routerWith({ profiles: [before] });
  expect(isSettled({ tasks: [task({ revision: 'old' })] }, router)).toBe(true);
  expect(isSettled({ tasks: [task()] }, router)).toBe(false);
  expect(isSettled({ tasks: [task({ mode: 'hold' })] }, router)).toBe(true);
  expect(isSettled({ tasks: [] }, router)).toBe(false);
  expect(fingerprint({ tasks: [task()] })).not.toBe(fingerprint({ tasks: [task({ mode: 'hold' })] }));
});
