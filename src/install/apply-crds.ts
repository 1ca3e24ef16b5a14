import { type CustomResourceDefinition, customResourceDefinition, KINDS } from '../api/index.ts';
import { type KubeApi, type KubeObject, type ResourceType, sleep, systemClock } from '../kube/index.ts';
import { ProcessError } from '../process/index.ts';
import { fieldsOf, missingFields } from './schema-fields.ts';

const FIELD_MANAGER = 'tenant-tunnel-crds';
const ESTABLISHED_LIMIT_MS = 60_000;
const POLL_MS = 250;

type Definition = CustomResourceDefinition &
  KubeObject & { status?: { conditions?: { type: string; status: string }[] } };

const definitions: ResourceType<Definition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/**
 * Brings the kinds in the cluster to this program's version and waits until their objects are taken.
 *
 * A kind that has all our fields and more is of a newer version and stays: an older schema would drop those fields from
 * every object at its next write.
 *
 * @param say gets one line for each kind
 * @throws KubeApiError, and ProcessError when one is not served within 60 s
 */
export async function applyCrds(
  client: Pick<KubeApi, 'get' | 'apply'>,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const names: string[] = [];
  for (const kind of KINDS) {
    const crd = customResourceDefinition(kind) as Definition;
    const { name } = crd.metadata;
    names.push(name);
    const there = await client.get(definitions, { name }, { signal });
    const extra =
      there === undefined ? [] : missingFields(fieldsOfDefinition(there), fieldsOfDefinition(crd));
    const lacking =
      there === undefined ? [] : missingFields(fieldsOfDefinition(crd), fieldsOfDefinition(there));
    if (extra.length > 0 && lacking.length === 0) {
      say(`${name}: newer than this program (it has ${extra.slice(0, 3).join(', ')}); left as it is`);
      continue;
    }
    const applied = await client.apply(definitions, crd, { fieldManager: FIELD_MANAGER, signal });
    const isSame = applied.metadata.resourceVersion === there?.metadata.resourceVersion;
    say(`${name}: ${there === undefined ? 'installed' : isSame ? 'unchanged' : 'brought to this version'}`);
  }
  for (const name of names) await established(client, name, signal);
}

function fieldsOfDefinition(definition: Definition): Set<string> {
  return new Set(definition.spec.versions.flatMap(({ schema }) => [...fieldsOf(schema.openAPIV3Schema)]));
}

async function established(
  client: Pick<KubeApi, 'get'>,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limit = performance.now() + ESTABLISHED_LIMIT_MS;
  for (;;) {
    const conditions = (await client.get(definitions, { name }, { signal }))?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    if (performance.now() > limit) {
      throw new ProcessError(
        'NotInTime',
        `${name} is not served ${ESTABLISHED_LIMIT_MS / 1_000} s after it was applied: see kubectl describe crd ${name}.`,
      );
    }
    await sleep(systemClock, POLL_MS, signal);
  }
}
