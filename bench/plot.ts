/** A bar chart as SVG text, readable on a light and a dark page. */
export interface Bars {
  title: string;
  unit: string;
  /** Names of what each group compares, in the order of its values. */
  series: readonly string[];
  groups: readonly { label: string; values: readonly number[] }[];
}

const COLOURS = ['#9aa5b1', '#2f6fde'];
const WIDTH = 720;
const PLOT = { left: 56, top: 56, height: 220, bottom: 52 };

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function barChart({ title, unit, series, groups }: Bars): string {
  const most = Math.max(...groups.flatMap(({ values }) => values));
  const step = niceStep(most / 5);
  const top = Math.ceil(most / step) * step;
  const y = (value: number): number => PLOT.top + PLOT.height * (1 - value / top);
  const groupWidth = (WIDTH - PLOT.left - 16) / groups.length;
  const barWidth = Math.min(56, (groupWidth * 0.7) / series.length);
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => {
    const at = y(index * step).toFixed(1);
    return `<line x1="${PLOT.left}" x2="${WIDTH - 16}" y1="${at}" y2="${at}" stroke="#8884"/><text x="${PLOT.left - 8}" y="${at}" dy="4" text-anchor="end">${Number((index * step).toPrecision(3))}</text>`;
  });
  const bars = groups.flatMap(({ label, values }, group) => {
    const middle = PLOT.left + groupWidth * (group + 0.5);
    const from = middle - (barWidth * values.length) / 2;
    const text = `<text x="${middle.toFixed(1)}" y="${PLOT.top + PLOT.height + 20}" text-anchor="middle">${escaped(label)}</text>`;
    const rectangles = values.map((value, index) => {
      const [x, at] = [(from + index * barWidth).toFixed(1), y(value).toFixed(1)];
      const height = (PLOT.top + PLOT.height - Number(at)).toFixed(1);
      const centre = (from + (index + 0.5) * barWidth).toFixed(1);
      return `<rect x="${x}" y="${at}" width="${(barWidth - 2).toFixed(1)}" height="${height}" fill="${COLOURS[index]}"/><text x="${centre}" y="${at}" dy="-4" text-anchor="middle">${value.toFixed(1)}</text>`;
    });
    return [...rectangles, text];
  });
  const legend = series.map((name, index) => {
    const x = PLOT.left + index * 150;
    const at = PLOT.top + PLOT.height + 34;
    return `<rect x="${x}" y="${at}" width="12" height="12" fill="${COLOURS[index]}"/><text x="${x + 18}" y="${at + 10}">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${PLOT.top + PLOT.height + PLOT.bottom}" font-family="sans-serif" font-size="12" fill="#777">`,
    `<title>${escaped(title)}</title>`,
    `<text x="${PLOT.left}" y="24" font-size="15">${escaped(title)}</text><text x="${PLOT.left}" y="42">${escaped(unit)}</text>`,
    ...lines,
    ...bars,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power * 10;
}
