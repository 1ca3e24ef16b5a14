const UNITS: Record<string, number> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/**
 * Reads a duration as RouterOS takes it: `25s`, `1w2d3h4m5s`, `300ms`, `00:00:25`, `1d00:00:10`, `25` (seconds).
 * Returns milliseconds, or undefined.
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const clock = /^((?:\d+[wd])*)(\d{1,3}):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/.exec(text);
  if (clock) {
    const [, days = '', hours, minutes, seconds = '0', fraction = '0'] = clock;
    const before = days === '' ? 0 : (parseDuration(days) ?? 0);
    const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return before + time * 1000 + Number(fraction.padEnd(3, '0'));
  }
  if (!/^(?:\d{1,9}(?:ms|[wdhms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[wdhms])/g)) {
    total += Number(count) * (UNITS[unit ?? ''] ?? 0);
  }
  return total;
}

/** As the API prints it: `1m30s`, `0s`, `300ms`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  let text = '';
  for (const unit of ['w', 'd', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** As the console prints a value of type time: `00:00:25`, `1d00:00:00`, `2w1d00:00:05`. */
export function formatClock(milliseconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const weeks = Math.floor(seconds / 604_800);
  const days = Math.floor((seconds % 604_800) / 86_400);
  const clock = `${two(Math.floor((seconds % 86_400) / 3600))}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  const fraction = milliseconds % 1000;
  const before = `${weeks > 0 ? `${weeks}w` : ''}${days > 0 ? `${days}d` : ''}`;
  return `${before}${clock}${fraction > 0 ? `.${String(fraction).padStart(3, '0')}` : ''}`;
}
