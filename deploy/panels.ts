/** What rows of the dashboard are made of. */

export interface Query {
  readonly expr: string;
  /** Of a series; of Grafana's form. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: 'stat' | 'timeseries';
  /** Of Grafana: `short`, `percentunit`, `s`, `bytes`, `Bps`, `ops`. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export const stat = (title: string, unit: string, ...queries: Query[]): Panel => ({
  title,
  type: 'stat',
  unit,
  width: 6,
  queries,
});
export const graph = (title: string, unit: string, description: string, ...queries: Query[]): Panel => ({
  title,
  description,
  type: 'timeseries',
  unit,
  width: 8,
  queries,
});
export const query = (legend: string, expr: string): Query => ({ expr, legend });
export const p99 = (metric: string, by = ''): string =>
  `histogram_quantile(0.99, sum by (le${by && `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;
