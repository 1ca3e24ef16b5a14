/**
 * Alerts and dashboard for those who do not take them from the chart, word for word as the chart has them.
 * `node deploy/monitoring.ts` writes them, before the chart is rendered, which has the dashboard in it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOrCheck } from '../src/api/written-files.ts';
import { dashboard } from './dashboard.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = 'charts/tenant-tunnel-operator';

/** Path from the root of the repository → text. */
export function monitoringFiles(): [string, string][] {
  const alerts = readFileSync(join(ROOT, CHART, 'monitoring', 'alerts.yaml'), 'utf8');
  return [
    [`${CHART}/monitoring/dashboard.json`, dashboard()],
    ['deploy/monitoring/dashboard.json', dashboard()],
    ['deploy/monitoring/alerts.yaml', alerts],
  ];
}

if (import.meta.main) writeOrCheck(ROOT, { files: new Map(monitoringFiles()), directories: [] });
