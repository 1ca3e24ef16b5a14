import { isWorthTidying, nextUnaskedMs, tidyMemory } from '../../../src/process/tidy-memory.ts';

const MiB = 1024 * 1024;

test.each([
  [
    'the first time, whatever there is',
    { now: 100 * MiB, afterLast: 0, sinceLastMs: Number.POSITIVE_INFINITY, busy: 0 },
    true,
  ],
  [
    'while it works, not even then',
    { now: 900 * MiB, afterLast: 0, sinceLastMs: Number.POSITIVE_INFINITY, busy: 0.3 },
    false,
  ],
  ['for little, not', { now: 120 * MiB, afterLast: 100 * MiB, sinceLastMs: 70_000, busy: 0 }, false],
  ['for a small share, not', { now: 1035 * MiB, afterLast: 1000 * MiB, sinceLastMs: 70_000, busy: 0 }, false],
  ['for much, yes', { now: 350 * MiB, afterLast: 300 * MiB, sinceLastMs: 70_000, busy: 0.1 }, true],
  ['again so soon, not', { now: 350 * MiB, afterLast: 300 * MiB, sinceLastMs: 50_000, busy: 0.1 }, false],
  [
    'without growth, after a long time',
    { now: 300 * MiB, afterLast: 300 * MiB, sinceLastMs: 300_000, busy: 0 },
    true,
  ],
  ['but not before', { now: 300 * MiB, afterLast: 300 * MiB, sinceLastMs: 290_000, busy: 0 }, false],
])('%s', (_, use, expected) => {
  expect(isWorthTidying({ ...use, unaskedMs: 300_000 })).toBe(expected);
});

test('what brings little is done more and more seldom, and soon again once it has brought much', () => {
  let ms = 300_000;
  for (let times = 0; times < 10; times++) ms = nextUnaskedMs(ms, 300 * MiB, 290 * MiB);
  expect(ms).toBe(4 * 3_600_000);
  expect(nextUnaskedMs(ms, 450 * MiB, 260 * MiB)).toBe(300_000);
});

test('collects garbage in a quiet moment, once, and looks on until the signal', async () => {
  const stop = new AbortController();
  const told: object[] = [];
  let look: (() => void) | undefined;
  let share = 1;
  const clock = {
    after: (_: number, callback: () => void) => {
      look = callback;
      return () => {
        look = undefined;
      };
    },
  };
  tidyMemory({ debug: (what: object) => void told.push(what) }, stop.signal, { clock, busy: () => share });
  const garbage = new WeakRef({ text: 'nobody needs this' });
  // A WeakRef holds on until the turn of the event loop ends.
  await new Promise(setImmediate);
  look?.();
  expect([told.length, garbage.deref() === undefined]).toEqual([0, false]);
  await new Promise(setImmediate);
  share = 0;
  look?.();
  expect([told.length, garbage.deref() === undefined]).toEqual([1, true]);
  look?.();
  expect(told).toHaveLength(1);
  stop.abort();
  expect(look).toBeUndefined();
});
