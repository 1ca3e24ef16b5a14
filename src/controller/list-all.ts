import type { KubeApi, KubeObject, ResourceType } from '../kube/index.ts';

const PAGE = 500;

export interface Selection {
  namespace: string;
  labelSelector?: string;
}

/** All objects as they are stored now, past all caches, in pages. */
export async function listAll<T extends KubeObject>(
  client: Pick<KubeApi, 'list'>,
  type: ResourceType<T>,
  selection: Selection,
): Promise<T[]> {
  const objects: T[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(type, { ...selection, limit: PAGE, continue: next });
    objects.push(...page.items);
    next = page.continue;
  } while (next !== undefined);
  return objects;
}
