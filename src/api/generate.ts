/**
 * Writes the files that are made from this room: `node src/api/generate.ts`. With `--check` it writes nothing and
 * exits with 1 when a file differs from its source, naming it.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, customResourceDefinition } from './crd.ts';
import { apiReference, conditionsReference } from './reference.ts';
import { permissionsReference, rolesTemplate } from './roles.ts';
import { KINDS } from './v1alpha1/definitions.ts';
import { type WrittenFiles, writeOrCheck } from './written-files.ts';

const CRDS = 'crds';
const CHART = 'charts/tenant-tunnel-operator';
const HEADER = '# Written from src/api by "make generate"; change the source instead.\n';

export function generatedFiles(): WrittenFiles {
  const crds = KINDS.map((kind) => customResourceDefinition(kind));
  const directories = [CRDS, `${CHART}/crds`];
  const files = new Map([
    ...directories.flatMap((directory) =>
      crds.map((crd): [string, string] => [`${directory}/${crd.metadata.name}.yaml`, crdText(crd)]),
    ),
    [`${CHART}/templates/roles.yaml`, HEADER + rolesTemplate()],
    ['docs/api.md', apiReference(KINDS)],
    ['docs/conditions.md', conditionsReference()],
    ['docs/rbac.md', permissionsReference()],
  ]);
  return { files, directories };
}

const crdText = (crd: CustomResourceDefinition) =>
  HEADER + stringify(crd, { lineWidth: 110, aliasDuplicateObjects: false });

if (import.meta.main) writeOrCheck(join(import.meta.dirname, '..', '..'), generatedFiles());
