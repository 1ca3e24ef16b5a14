import {
  isLedgerName,
  type LedgerStore,
  REVISION_KEY,
  type StoredObject,
  VersionConflict,
} from '../allocation/index.ts';
import { ANNOTATION_REVISION, LABEL_PART } from '../api/index.ts';
import { type KubeApi, KubeApiError, type Secret, secrets } from '../kube/index.ts';
import { listAll } from './list-all.ts';

export const LEDGER_SELECTOR = `${LABEL_PART}=ledger`;
const LABELS = { [LABEL_PART]: 'ledger', 'app.kubernetes.io/managed-by': 'tenant-tunnel-operator' };

/** A block is up to 100 KB, and who writes it knows it. */
const SHORT = { metadataAlone: true };

/** The ledger as Secrets of the operator's own namespace. */
export function ledgerStore(client: KubeApi, namespace: string): LedgerStore {
  return {
    read: async (name) => {
      const secret = await client.get(secrets, { name, namespace });
      return secret && storedFrom(secret);
    },
    create: (name, data) =>
      conflicting(async () =>
        versionOf(await client.create(secrets, secretOf({ name, namespace }, data), SHORT)),
      ),
    update: (name, data, resourceVersion) =>
      conflicting(async () =>
        versionOf(await client.update(secrets, secretOf({ name, namespace, resourceVersion }, data), SHORT)),
      ),
    remove: (name, resourceVersion) =>
      conflicting(async () => {
        await client.delete(secrets, { name, namespace }, { resourceVersion });
      }),
  };
}

const versionOf = ({ metadata }: Pick<Secret, 'metadata'>) => ({ version: metadata.resourceVersion ?? '0' });

/** Every ledger object as it is stored now, read past all caches; also one that somebody took the label from. */
export async function readLedger(client: Pick<KubeApi, 'list'>, namespace: string): Promise<StoredObject[]> {
  const objects = await listAll(client, secrets, { namespace });
  return objects.filter(({ metadata }) => isLedgerName(metadata.name)).map(storedFrom);
}

export function storedFrom({ metadata, data = {} }: Secret): StoredObject {
  const texts = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  const revision = metadata.annotations?.[ANNOTATION_REVISION];
  return {
    name: metadata.name,
    version: metadata.resourceVersion ?? '0',
    data: { ...Object.fromEntries(texts), ...(revision === undefined ? {} : { [REVISION_KEY]: revision }) },
    ...(metadata.labels?.[LABEL_PART] === 'ledger' ? {} : { astray: true }),
  };
}

function secretOf(
  metadata: { name: string; namespace: string; resourceVersion?: string },
  texts: Readonly<Record<string, string>>,
): Secret {
  const { [REVISION_KEY]: revision, ...rest } = texts;
  const annotations = revision === undefined ? {} : { annotations: { [ANNOTATION_REVISION]: revision } };
  const data = Object.entries(rest).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, labels: LABELS, ...annotations },
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}

const CONFLICTS = new Set(['Conflict', 'AlreadyExists', 'NotFound']);

async function conflicting<R>(write: () => Promise<R>): Promise<R> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof KubeApiError && CONFLICTS.has(error.code)) {
      throw new VersionConflict(error.message, { cause: error });
    }
    throw error;
  }
}
