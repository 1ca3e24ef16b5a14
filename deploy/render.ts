/**
 * Writes what is made from the chart: `node deploy/render.ts`. With `--check` it writes nothing and exits with 1 when a
 * file differs from its source, naming it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WrittenFiles, writeOrCheck } from '../src/api/written-files.ts';
import { ensureHelm } from '../test/testbed/binaries.ts';
import { run } from '../test/testbed/command.ts';
import { DIRECTORIES, directoryFiles } from './directories.ts';
import { manifestsOf } from './manifests.ts';
import { metricsReference } from './metrics-reference.ts';
import { monitoringFiles } from './monitoring.ts';
import { valuesReference } from './values-reference.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = 'charts/tenant-tunnel-operator';
const NAMESPACE = 'tenant-tunnel-system';
/** Of the component default-class: a name that nobody can have (RFC 6761), to be patched where it is used. */
const ENDPOINT = 'set-me.invalid';

export async function renderedFiles(): Promise<WrittenFiles> {
  const args = ['template', 'tenant-tunnel-operator', join(ROOT, CHART), '--namespace', NAMESPACE];
  const monitoring = ['serviceMonitor', 'prometheusRule', 'dashboard'];
  const sets = [
    `defaultClass.endpoint.host=${ENDPOINT}`,
    ...monitoring.map((name) => `metrics.${name}.enabled=true`),
  ];
  const rendered = await run(await ensureHelm(), [...args, ...sets.flatMap((set) => ['--set', set])]);
  const made = [...directoryFiles(manifestsOf(rendered))];
  const files = new Map([
    ...made.map(([path, text]): [string, string] => [`deploy/${path}`, text]),
    ...monitoringFiles(),
    ['docs/metrics.md', metricsReference()],
    ['docs/values.md', valuesReference(readFileSync(join(ROOT, CHART, 'values.yaml'), 'utf8'))],
  ]);
  return { files, directories: DIRECTORIES.map(({ name }) => `deploy/${name}`) };
}

if (import.meta.main) writeOrCheck(ROOT, await renderedFiles());
