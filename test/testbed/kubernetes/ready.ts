import type { ApiClient } from '../api-client.ts';

/** Whether so many nodes take pods, and a namespace has what every pod mounts. */
export async function isReady({ request }: Pick<ApiClient, 'request'>, nodes: number): Promise<boolean> {
  // biome-ignore lint/suspicious/noExplicitAny: a Node
  const items: any[] = (await request('GET', '/api/v1/nodes')).json().items;
  const ready = items.filter(({ status, spec }) => {
    const conditions: { type: string; status: string }[] = status.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') && !spec.taints;
  });
  if (ready.length < nodes) return false;
  const account = await request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  const authority = await request('GET', '/api/v1/namespaces/default/configmaps/kube-root-ca.crt');
  return account.status === 200 && authority.status === 200;
}
