import {
  Course,
  type CourseOptions,
  type CoursePace,
  heldUpMs,
} from '../../../../src/gateway/endpoint/course.ts';
import { endpointVerdict } from '../../../../src/gateway/endpoint/saying.ts';

const TO = 'new.example.com:51820';
const PACE: CoursePace = {
  tunnel: { baseMs: 60_000, maxMs: 3_600_000 },
  router: { baseMs: 240_000, maxMs: 6 * 3_600_000 },
};
const course = (routers: readonly string[], more: Partial<CourseOptions> = {}) =>
  new Course({ to: TO, routers, pace: PACE, random: () => 0.5, ...more });
const names = (count: number) => Array.from({ length: count }, (_, index) => `a/r${index}`);
const all = () => true;

test('one goes first, alone; once it is there the others follow, as many as there is room for', () => {
  const one = course(names(20));
  expect(one.next(12, all, 0)).toEqual({ begin: ['a/r0'] });
  expect(one.next(12, all, 0).begin).toEqual([]);
  one.reached('a/r0', true);
  expect(one.next(12, all, 0).begin).toHaveLength(12);
  one.reached('a/r1', true);
  expect(one.next(12, all, 0).begin).toEqual(['a/r13']);
});

test('one that has it already proves nothing', () => {
  const one = course(names(3));
  one.next(12, all, 0);
  one.reached('a/r0', false);
  expect(one.next(12, all, 0).begin).toEqual(['a/r1']);
});

test('one that does not get there stops the others; after a pause, which grows, another is tried alone', () => {
  const one = course(names(4));
  expect(one.next(12, all, 0).begin).toEqual(['a/r0']);
  one.failed('a/r0', 'It went back.', 1_000);
  const first = one.next(12, all, 1_000);
  expect(first.begin).toEqual([]);
  expect(first.againMs).toBeGreaterThan(0);
  const later = 1_000 + (first.againMs ?? 0);
  expect(one.next(12, all, later).begin).toEqual(['a/r1']);
  one.failed('a/r1', 'It went back.', later);
  const second = one.next(12, all, later);
  expect(second.againMs).toBeGreaterThan(first.againMs ?? 0);
  expect(one.report()).toMatchObject({
    change: { pending: 2, failed: 2, names: ['a/r0', 'a/r1', 'a/r2', 'a/r3'] },
    why: 'It went back.',
  });
  expect(one.next(12, all, later + (second.againMs ?? 0)).begin).toEqual(['a/r2']);
  one.reached('a/r2', true);
  expect(one.report().why).toBeUndefined();
});

test('those that are under way when another fails come to their own end, and nobody follows', () => {
  const one = course(names(5));
  one.next(3, all, 0);
  one.reached('a/r0', true);
  expect(one.next(3, all, 0).begin).toEqual(['a/r1', 'a/r2', 'a/r3']);
  one.failed('a/r1', 'It went back.', 0);
  expect(one.next(3, all, 0).begin).toEqual([]);
  one.reached('a/r2', true);
  // It got there after the other had not: that is news.
  expect(one.report().isProven).toBe(true);
});

test('one that cannot be spoken to says nothing of the endpoint: the next is tried at once', () => {
  const one = course(names(2));
  one.next(12, all, 0);
  one.unreached('a/r0', 0);
  expect(one.next(12, all, 0).begin).toEqual(['a/r1']);
  expect(one.report().change).toMatchObject({ pending: 2, failed: 0 });
  one.reached('a/r1', true);
  expect(one.next(12, all, 0)).toEqual({ begin: [], againMs: expect.any(Number) });
});

test('of those that will not be changed one is told of, until it is through or gone', () => {
  const one = course(names(4));
  one.next(12, all, 0);
  one.refused('a/r0', 'Router a/r0: it has no peer.', 0);
  one.next(12, all, 0);
  one.refused('a/r1', 'Router a/r1: it refuses the log-in.', 0);
  const told = one.report();
  expect(told).toMatchObject({ change: { pending: 4, failed: 0 }, refusal: 'Router a/r0: it has no peer.' });
  expect(endpointVerdict(told)).toMatchObject({
    reason: 'EndpointChanging',
    message: expect.stringContaining('Router a/r0: it has no peer. It is tried again'),
  });
  one.gone('a/r0');
  expect(one.report().refusal).toBeUndefined();
  one.refused('a/r1', 'Router a/r1: it refuses the log-in.', 0);
  expect(one.report().refusal).toContain('a/r1');
  one.reached('a/r1', true);
  expect(endpointVerdict(one.report()).message).not.toContain('a/r1');
});

test('one that is not Online is passed over until it comes', () => {
  const one = course(names(3));
  expect(one.next(12, (key) => key === 'a/r2', 0).begin).toEqual(['a/r2']);
  one.reached('a/r2', true);
  expect(one.next(12, all, 0)).toEqual({ begin: [] });
  one.arrived('a/r1');
  expect(one.next(12, all, 0).begin).toEqual(['a/r1']);
});

test('a router that comes with an older script is brought there; one that is through is not looked at again', () => {
  const one = course(['a/r0']);
  one.next(12, all, 0);
  one.reached('a/r0', true);
  one.arrived('a/r0');
  one.arrived('a/late');
  expect(one.next(12, all, 0).begin).toEqual(['a/late']);
});

test('a process that begins anew goes on with those that are named, where all are', () => {
  const known = { to: TO, changed: 8, pending: 1, failed: 1, names: ['a/r3', 'a/r4'] };
  const one = course(names(10), { known });
  expect(one.report().change).toEqual({ to: TO, changed: 8, pending: 2, failed: 0, names: ['a/r3', 'a/r4'] });
  expect(course(names(10), { known: { ...known, pending: 7 } }).report().change.pending).toBe(10);
  expect(
    course(names(10), { known: { ...known, to: 'old.example.com:51820' } }).report().change.pending,
  ).toBe(10);
});

test('of thousands a tenth is told at a time, and no more are named than a status may hold', () => {
  const one = course(names(1000));
  const said = new Set<unknown>();
  let now = 0;
  for (;;) {
    const { begin } = one.next(12, all, now++);
    if (begin.length === 0) break;
    for (const key of begin) {
      one.reached(key, true);
      said.add(one.report());
    }
  }
  expect(said.size).toBeLessThanOrEqual(12);
  expect(one.report().change).toEqual({ to: TO, changed: 1000, pending: 0, failed: 0 });
  expect(course(names(1000)).report().change.names).toHaveLength(100);
});

test('a router that is gone is no longer waited for', () => {
  const one = course(names(2));
  one.gone('a/r0');
  expect(one.next(12, all, 0).begin).toEqual(['a/r1']);
  one.gone('a/r1');
  one.reached('a/r1', true);
  expect(one.report().change).toMatchObject({ pending: 0, failed: 0 });
});

test('what is said: who is left, what went wrong, and that it is over', () => {
  const one = course(names(2));
  expect(endpointVerdict(one.report())).toMatchObject({ status: 'False', reason: 'EndpointChanging' });
  one.next(12, all, 0);
  one.failed('a/r0', 'Router a/r0 went back.', 0);
  const failed = endpointVerdict(one.report());
  expect(failed).toMatchObject({ status: 'False', reason: 'EndpointChangeFailed' });
  expect(failed.message).toMatch(/^Router a\/r0 went back\. No other router is changed until/);
  one.reached('a/r1', true);
  expect(endpointVerdict(one.report()).reason).toBe('EndpointChanging');
  one.reached('a/r0', true);
  expect(endpointVerdict(one.report())).toMatchObject({ status: 'True', reason: 'Followed' });
});

test('of tunnels that go to one host one goes first, and when it does not get there the others wait with it', () => {
  const [a, b] = [course(['a/r0', 'a/r1']), course(['b/r0'], { to: 'new.example.com:51821' })];
  const elsewhere = course(['c/r0'], { to: 'other.example.com:51820' });
  const every = [a, b, elsewhere];
  expect(heldUpMs(a, every, 0)).toBeUndefined();
  a.next(12, all, 0);
  expect(heldUpMs(a, every, 0)).toBeUndefined();
  expect(heldUpMs(b, every, 0)).toBe(5_000);
  expect(heldUpMs(elsewhere, every, 0)).toBeUndefined();
  a.failed('a/r0', 'It went back.', 0);
  const rest = heldUpMs(b, every, 0) ?? 0;
  expect(rest).toBe(a.restMs(0));
  expect(heldUpMs(b, every, rest)).toBeUndefined();
  a.next(12, all, rest);
  a.reached('a/r1', true);
  expect(heldUpMs(b, every, rest)).toBeUndefined();
});

test('of many that fail together the pause is that of one', () => {
  const one = course(names(12));
  one.next(12, all, 0);
  one.reached('a/r0', true);
  one.next(12, all, 0);
  for (const key of names(12).slice(1)) one.failed(key, 'It went back.', 0);
  expect(one.restMs(0)).toBeLessThanOrEqual(PACE.tunnel.baseMs * 1.5);
});
