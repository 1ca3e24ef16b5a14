import { setImmediate as turn } from 'node:timers/promises';
import type { Metric, Registry } from 'prom-client';

/** The values of the labels, in the order of the metric's names, and the value. */
export type Series = readonly [labels: readonly string[], value: number];

export interface ScrapedMetric {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  labelNames?: readonly string[];
  /** Everything that there is now, no labels twice: of a page with a series twice Prometheus takes nothing. */
  series: () => Iterable<Series>;
}

/** Of a registered metric: its part of the page, in pieces. */
const PIECES = Symbol('pieces');
const PIECE_CHARACTERS = 32 * 1024;

/** Registers metrics whose series are made while somebody reads them, so that thousands cost no memory in between. */
export function registerScraped(registry: Registry, metrics: readonly ScrapedMetric[]): void {
  for (const metric of metrics) {
    const { name, help, type, labelNames = [], series } = metric;
    const registered = {
      name,
      help,
      type,
      labelNames,
      reset: () => undefined,
      get: () =>
        Promise.resolve({ name, help, type, aggregator: 'sum', values: valuesOf(labelNames, series) }),
      [PIECES]: () => piecesOf(metric),
    };
    // Of a metric the registry uses what is here, and goes through its values once.
    registry.registerMetric(registered as unknown as Metric);
  }
}

/** A metric without labels. */
export function scrapedGauge(name: string, help: string, value: () => number): ScrapedMetric {
  return {
    name,
    help,
    type: 'gauge',
    series: function* () {
      yield [[], value()];
    },
  };
}

/**
 * The registry as Prometheus reads it, a piece at a time: a page about thousands of routers is never there as a whole, and
 * between two pieces the process does its work, however fast the reader is.
 */
export async function* metricsText(registry: Registry): AsyncGenerator<string> {
  for (const metric of registry.getMetricsAsArray()) {
    const pieces = (metric as { [PIECES]?: () => Iterable<string> })[PIECES];
    for (const piece of pieces?.() ?? [await registry.getSingleMetricAsString(metric.name)]) {
      yield piece;
      if (piece.length >= PIECE_CHARACTERS) await turn();
    }
    yield '\n\n';
  }
}

function* valuesOf(names: readonly string[], series: () => Iterable<Series>) {
  for (const [labels, value] of series()) {
    yield { labels: Object.fromEntries(names.map((name, at) => [name, labels[at] ?? ''])), value };
  }
}

/** As the registry would write it (https://prometheus.io/docs/instrumenting/exposition_formats/). */
function* piecesOf({ name, help, type, labelNames = [], series }: ScrapedMetric): Generator<string> {
  let piece = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}`;
  for (const [labels, value] of series()) {
    const pairs = labelNames.map(
      (label, at) => `${label}="${escaped(labels[at] ?? '').replaceAll('"', '\\"')}"`,
    );
    piece += `\n${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${valueText(value)}`;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function valueText(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
