import { nextTurn } from '../../../../src/gateway/backups/schedule.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 27, 4, 31);

test('a turn comes once in each period, at a time that is the router’s own', () => {
  const first = nextTurn('a', 24, NOW);
  expect(first).toBeGreaterThan(NOW);
  expect(first - NOW).toBeLessThanOrEqual(24 * HOUR);
  expect(nextTurn('a', 24, first)).toBe(first + 24 * HOUR);
  expect(nextTurn('a', 24, first - 1)).toBe(first);
  expect(nextTurn('a', 24, first + 5 * HOUR)).toBe(first + 24 * HOUR);
});

test('a fleet is spread over the whole period', () => {
  const hours = new Set(
    Array.from({ length: 2_000 }, (_, at) => Math.floor((nextTurn(`uid-${at}`, 24, NOW) - NOW) / HOUR)),
  );
  expect(hours.size).toBe(24);
});
