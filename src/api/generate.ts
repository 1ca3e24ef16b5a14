/**
 * Writes the files that are made from this room: `node src/api/generate.ts`. With `--check` it writes nothing and
 * exits with 1 when a file differs from its source, naming it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, customResourceDefinition } from './crd.ts';
import { apiReference, conditionsReference } from './reference.ts';
import { permissionsReference, rolesTemplate } from './roles.ts';
import { KINDS } from './v1alpha1/definitions.ts';

const CRDS = 'crds';
const CHART = 'charts/tenant-tunnel-operator';
const HEADER = '# Written from src/api by "make generate"; change the source instead.\n';

/** Path from the root of the repository → text. */
export function generatedFiles(): Map<string, string> {
  const crds = KINDS.map((kind) => customResourceDefinition(kind));
  return new Map([
    ...[CRDS, `${CHART}/crds`].flatMap((directory) =>
      crds.map((crd): [string, string] => [`${directory}/${crd.metadata.name}.yaml`, crdText(crd)]),
    ),
    [`${CHART}/templates/roles.yaml`, HEADER + rolesTemplate()],
    ['docs/api.md', apiReference(KINDS)],
    ['docs/conditions.md', conditionsReference()],
    ['docs/rbac.md', permissionsReference()],
  ]);
}

const crdText = (crd: CustomResourceDefinition) =>
  HEADER + stringify(crd, { lineWidth: 110, aliasDuplicateObjects: false });

/** What is not as generated: changed, missing, or a CRD that has no source. Paths from `root`. */
export function outdated(root: string, files: Map<string, string>): string[] {
  const changed = [...files].filter(([path, text]) => readOrEmpty(join(root, path)) !== text);
  return [...changed.map(([path]) => path), ...strays(root, files)];
}

const strays = (root: string, files: Map<string, string>) =>
  readdirSync(join(root, CRDS))
    .map((name) => `${CRDS}/${name}`)
    .filter((path) => path.endsWith('.yaml') && !files.has(path));

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const root = join(import.meta.dirname, '..', '..');
  const files = generatedFiles();
  if (values.check) {
    const differing = outdated(root, files);
    if (differing.length === 0) return;
    console.error(`Not as generated: ${differing.join(', ')}. Run: make generate`);
    process.exitCode = 1;
    return;
  }
  for (const path of strays(root, files)) rmSync(join(root, path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

if (import.meta.main) main();
