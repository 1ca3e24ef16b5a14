import { isDeepStrictEqual } from 'node:util';
import { keyOfRef, type RouterProfile, valuesObjectName } from '../../api/index.ts';
import {
  isApiError,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
  type Secret,
  secrets,
} from '../../kube/index.ts';
import { createOrReplace } from '../create-or-replace.ts';
import type { World } from '../world.ts';
import { type NamespaceValues, planValues, referredSecrets, type SecretRead } from './plan-values.ts';

/** How often Secrets are looked at again, ms: nothing tells that one has changed, as they may not be watched. */
export const VALUES_LOOK_MS = 180_000;

/** Copies what profiles of a namespace refer to into the gateways' namespace. Keys: namespaces. */
export const reconcileValues =
  (world: World): Reconcile =>
  async (namespace, context): Promise<ReconcileResult | undefined> => {
    const { caches, client, gatewayNamespace, profileValues } = world;
    const referred = referredSecrets(caches.profiles.byIndex('namespace', namespace));
    const reads = new Map<string, SecretRead>();
    for (const name of referred.keys()) {
      reads.set(name, await readSecret(client, { namespace, name }, context.signal));
    }
    const before = caches.values.get(`${gatewayNamespace}/${valuesObjectName(namespace)}`);
    const { copy, values } = planValues({ namespace, gatewayNamespace, referred, reads, before });
    await put(world, before, copy, context);
    const known = profileValues.get(namespace);
    if (referred.size === 0) profileValues.delete(namespace);
    else profileValues.set(namespace, values);
    // Also those that came meanwhile, and found nothing known yet.
    if (!isSame(known, values)) wakeProfiles(world, caches.profiles.byIndex('namespace', namespace));
    return referred.size === 0 ? undefined : { requeueAfterMs: VALUES_LOOK_MS };
  };

async function readSecret(
  client: World['client'],
  name: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<SecretRead> {
  try {
    return (await client.get(secrets, name, { signal })) ?? 'absent';
  } catch (error) {
    if (isApiError(error, 'Forbidden')) return 'forbidden';
    throw error;
  }
}

/** What its owner has taken back, or nobody refers to any more, is not kept. */
async function put(
  { caches, client }: World,
  before: Secret | undefined,
  copy: Secret | undefined,
  context: ReconcileContext,
): Promise<void> {
  const { signal } = context;
  if (copy === undefined) {
    if (before === undefined) return;
    const { name, namespace = '', uid } = before.metadata;
    await client.delete(secrets, { name, namespace }, { signal, uid });
    context.deleted(caches.values, before);
  } else if (before === undefined) {
    context.wrote(caches.values, await createOrReplace(client, secrets, copy, signal));
  } else if (!isSameCopy(before, copy)) {
    const { resourceVersion } = before.metadata;
    const metadata = { ...copy.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
    context.wrote(caches.values, await client.update(secrets, { ...copy, metadata }, { signal }));
  }
}

const isSameCopy = (one: Secret, other: Secret): boolean =>
  isDeepStrictEqual(one.data ?? {}, other.data ?? {}) &&
  isDeepStrictEqual(one.metadata.labels, other.metadata.labels) &&
  isDeepStrictEqual(one.metadata.annotations, other.metadata.annotations);

const isSame = (one: NamespaceValues | undefined, other: NamespaceValues): boolean =>
  one !== undefined &&
  isDeepStrictEqual(one.versions, other.versions) &&
  isDeepStrictEqual([...one.problems], [...other.problems]);

function wakeProfiles({ controllers }: World, profiles: readonly RouterProfile[]): void {
  for (const { metadata } of profiles) controllers.profiles.enqueue(keyOfRef(metadata));
}
