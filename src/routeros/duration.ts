/** How RouterOS writes a time. */
const SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };

/** `1w2d3h4m5s`, `300ms`, `01:00:00`, `1d00:00:10`; a bare number is left as it is, which is seconds as well. */
export function durationMs(text: string): number | undefined {
  const clock = /^((?:\d{1,6}[wd])*)(\d{1,3}):(\d\d):(\d\d)(?:\.(\d{1,3}))?$/.exec(text);
  if (clock !== null) {
    const [, days = '', hours, minutes, seconds, fraction = '0'] = clock;
    const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return (durationMs(days) ?? 0) + whole * 1000 + Number(fraction.padEnd(3, '0'));
  }
  if (!/^(?:\d{1,9}(?:ms|[wdhms]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+)(ms|[wdhms])/g);
  return [...parts].reduce(
    (sum, [, count, unit = '']) => sum + Math.round(Number(count) * (SECONDS[unit] ?? 0) * 1000),
    0,
  );
}
