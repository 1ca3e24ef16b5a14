/**
 * The profiles that the chart can switch on, word for word as they are in examples/profiles. `node deploy/chart-profiles.ts`
 * writes them, before the chart is rendered.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WrittenFiles, writeOrCheck } from '../src/api/written-files.ts';

const ROOT = join(import.meta.dirname, '..');
const EXAMPLES = 'examples/profiles';
const COPIES = 'charts/tenant-tunnel-operator/profiles';
const HEADER = '# Written from examples/profiles by "make generate"; change the source instead.\n';

export function chartProfiles(): WrittenFiles {
  const names = readdirSync(join(ROOT, EXAMPLES));
  const files = names.map((name): [string, string] => [
    `${COPIES}/${name}`,
    HEADER + readFileSync(join(ROOT, EXAMPLES, name), 'utf8'),
  ]);
  return { files: new Map(files), directories: [COPIES] };
}

if (import.meta.main) writeOrCheck(ROOT, chartProfiles());
