import type { MaintenanceWindow } from '../v1alpha1/rollout.ts';

/** Whether a time lies in one of the windows, and until when that is so. */
export interface WindowState {
  open: boolean;
  /** ms since 1970; absent when no window comes within a week. */
  changesAt?: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
/** A week, and a day before for windows that began yesterday. */
const OFFSETS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8];

/**
 * Without windows it is always open. A window begins at a time of the clock on the wall of its time zone and lasts as
 * long as from `from` to `to`, past midnight where `to` is not later. In a night in which the clock is put forward over
 * its beginning it begins that much later; in one in which an hour comes twice it begins with the first.
 */
export function windowState(windows: readonly MaintenanceWindow[] | undefined, now: number): WindowState {
  if (windows === undefined || windows.length === 0) return { open: true };
  const spans = windows.flatMap((window) => spansOf(window, now));
  const ends = spans.filter(({ from, to }) => from <= now && now < to).map(({ to }) => to);
  if (ends.length > 0) return { open: true, changesAt: Math.max(...ends) };
  const starts = spans.filter(({ from }) => from > now).map(({ from }) => from);
  return { open: false, ...(starts.length > 0 && { changesAt: Math.min(...starts) }) };
}

/** Whether this machine knows a time zone, e.g. `Europe/Zurich`. */
export const isTimeZone = (name: string): boolean => formatOf(name) !== undefined;

function spansOf({ days, from, to, timeZone = 'UTC' }: MaintenanceWindow, now: number) {
  if (!isTimeZone(timeZone)) return [];
  const start = minutesOf(from);
  const length = (minutesOf(to) - start + 1440) % 1440 || 1440;
  const today = Math.floor((now + offsetAt(timeZone, now)) / DAY);
  return OFFSETS.map((offset) => today + offset)
    .filter((day) => days === undefined || days.includes(DAYS[(((day + 4) % 7) + 7) % 7] ?? 'Sun'))
    .map((day) => instantOf(timeZone, day * DAY + start * MINUTE))
    .map((begins) => ({ from: begins, to: begins + length * MINUTE }));
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

/** The first moment at which a clock in that zone shows a time; where it shows it never, as much later as it was put forward. */
function instantOf(timeZone: string, wall: number): number {
  // Zones are within a day of each other: the offset before and after whatever may have happened around then.
  const offsets = [wall - DAY, wall + DAY].map((at) => offsetAt(timeZone, at));
  const shown = offsets.map((offset) => wall - offset).filter((at) => at + offsetAt(timeZone, at) === wall);
  return shown.length > 0 ? Math.min(...shown) : wall - (offsets[0] ?? 0);
}

/** Clocks are put forward and back at quarters of an hour of UTC, so that an offset holds as long as that. */
const offsets = new Map<string, number>();
const MOST_OFFSETS = 4096;

/** How far a zone's clock is ahead of UTC at a moment, ms. */
function offsetAt(timeZone: string, at: number): number {
  const quarter = Math.floor(at / (15 * MINUTE));
  const key = `${timeZone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const begins = quarter * 15 * MINUTE;
  const parts = formatOf(timeZone)?.formatToParts(begins) ?? [];
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const [year, month, day, hour] = ['year', 'month', 'day', 'hour'].map(part) as [
    number,
    number,
    number,
    number,
  ];
  const offset = Date.UTC(year, month - 1, day, hour, part('minute'), part('second')) - begins;
  if (offsets.size >= MOST_OFFSETS) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

/** Making one takes longer than using it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat | undefined>();
const MOST_FORMATS = 1000;

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (formats.has(timeZone)) return formats.get(timeZone);
  let format: Intl.DateTimeFormat | undefined;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    format = undefined;
  }
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(timeZone, format);
  return format;
}
