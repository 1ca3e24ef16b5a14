import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  ANNOTATION_BACKUP_OF,
  ANNOTATION_BACKUP_VERSION,
  BACKUP_KEY,
  backupLabels,
  backupName,
  keyOfRef,
  type ProfileRef,
} from '../../api/index.ts';
import type { Created, Secret } from '../../kube/index.ts';
import { exportBytes, type RouterExport } from '../../routeros/index.ts';

/** Bytes of one in etcd, nearly all of them. A configuration of 256 KiB, the most that is read, takes about 30. */
export const MOST_BYTES = 64 * 1024;

const zip = promisify(gzip);

/** Undefined where it is too large to be kept. */
export async function backupSecret(
  namespace: string,
  router: ProfileRef,
  { text, content, version }: RouterExport,
): Promise<Created<Secret> | undefined> {
  const zipped = await zip(exportBytes(text), { level: 9 });
  if (zipped.length > MOST_BYTES) return undefined;
  return {
    metadata: {
      namespace,
      name: backupName(router, content),
      labels: backupLabels(router),
      annotations: {
        [ANNOTATION_BACKUP_OF]: keyOfRef(router),
        [ANNOTATION_BACKUP_VERSION]: version,
      },
    },
    type: 'Opaque',
    // What is in it is its name.
    immutable: true,
    data: { [BACKUP_KEY]: zipped.toString('base64') },
  };
}
