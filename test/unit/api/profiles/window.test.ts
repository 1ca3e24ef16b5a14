import { isTimeZone, type MaintenanceWindow, windowState } from '../../../../src/api/index.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);

const ZURICH: MaintenanceWindow = { from: '02:00', to: '05:00', timeZone: 'Europe/Zurich' };

test('without windows it is always open', () => {
  expect(windowState(undefined, 0)).toEqual({ open: true });
  expect(windowState([], 0)).toEqual({ open: true });
});

test.each([
  ['2026-01-15T00:59:59Z', false, '2026-01-15T01:00'],
  ['2026-01-15T01:00:00Z', true, '2026-01-15T04:00'],
  ['2026-01-15T03:59:59Z', true, '2026-01-15T04:00'],
  ['2026-01-15T04:00:00Z', false, '2026-01-16T01:00'],
  ['2026-07-15T00:00:00Z', true, '2026-07-15T03:00'],
])('2 to 5 in Zurich at %s: %s', (now, open, changes) => {
  const state = windowState([ZURICH], at(now));
  expect([state.open, iso(state.changesAt)]).toEqual([open, changes]);
});

test('past midnight it belongs to the day on which it begins', () => {
  const window: MaintenanceWindow = {
    days: ['Sat'],
    from: '22:00',
    to: '04:00',
    timeZone: 'America/New_York',
  };
  // Saturday, 10 January 2026, 22:00 in New York is Sunday, 03:00 UTC.
  expect(windowState([window], at('2026-01-11T02:59:00Z'))).toEqual({
    open: false,
    changesAt: at('2026-01-11T03:00:00Z'),
  });
  expect(windowState([window], at('2026-01-11T08:59:00Z'))).toEqual({
    open: true,
    changesAt: at('2026-01-11T09:00:00Z'),
  });
  expect(windowState([window], at('2026-01-11T09:00:00Z'))).toEqual({
    open: false,
    changesAt: at('2026-01-18T03:00:00Z'),
  });
});

describe('when the clock is put forward or back', () => {
  const short: MaintenanceWindow = { from: '02:15', to: '02:45', timeZone: 'Europe/Zurich' };

  test('a window whose beginning does not exist that night is as long and that much later', () => {
    // 29 March 2026: at 01:00 UTC the clock goes from 02:00 to 03:00.
    expect(windowState([short], at('2026-03-29T01:14:00Z'))).toEqual({
      open: false,
      changesAt: at('2026-03-29T01:15:00Z'),
    });
    expect(windowState([short], at('2026-03-29T01:16:00Z'))).toEqual({
      open: true,
      changesAt: at('2026-03-29T01:45:00Z'),
    });
    expect(windowState([short], at('2026-03-29T01:46:00Z')).open).toBe(false);
  });

  test('a window in an hour that comes twice is open once', () => {
    // 25 October 2026: at 01:00 UTC the clock goes from 03:00 back to 02:00.
    expect(windowState([short], at('2026-10-25T00:16:00Z'))).toEqual({
      open: true,
      changesAt: at('2026-10-25T00:45:00Z'),
    });
    expect(windowState([short], at('2026-10-25T01:16:00Z')).open).toBe(false);
  });

  test('all through a year a window is open for its half hour a day', () => {
    const step = 15 * 60_000;
    let [open, days] = [0, 0];
    for (let now = at('2026-01-01T00:00:00Z'); now < at('2027-01-01T00:00:00Z'); now += step) {
      if (windowState([short], now).open) open++;
      days += step / 86_400_000;
    }
    expect(open).toBe(2 * Math.round(days));
  });
});

test('what changes next is what comes of it', () => {
  const windows: MaintenanceWindow[] = [
    ZURICH,
    { days: ['Sun', 'Wed'], from: '12:00', to: '12:00', timeZone: 'Asia/Kathmandu' },
  ];
  let now = at('2026-03-20T00:00:00Z');
  for (let step = 0; step < 100; step++) {
    const { open, changesAt = 0 } = windowState(windows, now);
    expect(changesAt).toBeGreaterThan(now);
    expect(windowState(windows, changesAt - 1).open).toBe(open);
    now = changesAt;
  }
});

test('a zone that nobody knows has no window', () => {
  expect(isTimeZone('Europe/Zurich')).toBe(true);
  expect(isTimeZone('Europe/Bern')).toBe(false);
  expect(windowState([{ from: '00:00', to: '00:00', timeZone: 'Europe/Bern' }], 0)).toEqual({ open: false });
});
