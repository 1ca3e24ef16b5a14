import { BACKUP_PART, LABEL_PART } from '../../api/index.ts';
import { type KubeApi, type KubeObject, secrets } from '../../kube/index.ts';

const PAGE = 500;

/**
 * All backups as they are stored, without what is in them, by Router. Names begin with the Router, and a list comes in the
 * order of names, so that no more than one page and one Router's are held.
 */
export async function* backupsByRouter(
  client: Pick<KubeApi, 'list'>,
  namespace: string,
  signal: AbortSignal,
): AsyncGenerator<{ prefix: string; backups: KubeObject[] }> {
  let prefix = '';
  let backups: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(secrets, {
      namespace,
      labelSelector: `${LABEL_PART}=${BACKUP_PART}`,
      limit: PAGE,
      continue: next,
      metadataAlone: true,
      signal,
    });
    for (const one of page.items) {
      const own = one.metadata.name.split('-')[0] ?? '';
      if (own !== prefix && backups.length > 0) yield { prefix, backups };
      if (own !== prefix) [prefix, backups] = [own, []];
      backups.push(one);
    }
    next = page.continue;
  } while (next !== undefined);
  if (backups.length > 0) yield { prefix, backups };
}
