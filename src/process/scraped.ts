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

/** Registers metrics whose series are made while somebody reads them, so that thousands cost no memory in between. */
export function registerScraped(registry: Registry, metrics: readonly ScrapedMetric[]): void {
  for (const { name, help, type, labelNames = [], series } of metrics) {
    const metric = {
      name,
      help,
      type,
      labelNames,
      reset: () => undefined,
      get: () =>
        Promise.resolve({ name, help, type, aggregator: 'sum', values: valuesOf(labelNames, series) }),
    };
    // Of a metric the registry uses what is here, and goes through its values once.
    registry.registerMetric(metric as unknown as Metric);
  }
}

function* valuesOf(names: readonly string[], series: () => Iterable<Series>) {
  for (const [labels, value] of series()) {
    yield { labels: Object.fromEntries(names.map((name, at) => [name, labels[at] ?? ''])), value };
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
