/**
 * Writes what is made from the chart: `node deploy/render.ts`. With `--check` it writes nothing and exits with 1 when a
 * file differs from its source, naming it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureHelm } from '../test/testbed/binaries.ts';
import { run } from '../test/testbed/command.ts';
import { DIRECTORIES, directoryFiles } from './directories.ts';
import { manifestsOf } from './manifests.ts';
import { valuesReference } from './values-reference.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = 'charts/tenant-tunnel-operator';
const NAMESPACE = 'tenant-tunnel-system';
/** Of the component default-class: a name that nobody can have (RFC 6761), to be patched where it is used. */
const ENDPOINT = 'set-me.invalid';

/** Path from the root of the repository → text. */
export async function renderedFiles(): Promise<Map<string, string>> {
  const args = ['template', 'tenant-tunnel-operator', join(ROOT, CHART), '--namespace', NAMESPACE];
  const rendered = await run(await ensureHelm(), [
    ...args,
    '--set',
    `defaultClass.endpoint.host=${ENDPOINT}`,
  ]);
  const files = [...directoryFiles(manifestsOf(rendered))];
  return new Map([
    ...files.map(([path, text]): [string, string] => [`deploy/${path}`, text]),
    ['docs/values.md', valuesReference(readFileSync(join(ROOT, CHART, 'values.yaml'), 'utf8'))],
  ]);
}

/** What is not as rendered: changed, missing, or without a template. Paths from the root of the repository. */
export function outdated(files: ReadonlyMap<string, string>): string[] {
  const changed = [...files].filter(([path, text]) => readOrEmpty(join(ROOT, path)) !== text);
  return [...changed.map(([path]) => path), ...strays(files)];
}

const strays = (files: ReadonlyMap<string, string>): string[] =>
  DIRECTORIES.flatMap(({ name }) =>
    readdirSync(join(ROOT, 'deploy', name)).map((file) => `deploy/${name}/${file}`),
  ).filter((path) => !files.has(path));

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const files = await renderedFiles();
  if (values.check) {
    const differing = outdated(files);
    if (differing.length === 0) return;
    console.error(`Not as rendered from the chart: ${differing.join(', ')}. Run: make generate`);
    process.exitCode = 1;
    return;
  }
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  for (const path of strays(files)) rmSync(join(ROOT, path));
}

if (import.meta.main) await main();
