import { LABEL_TUNNEL } from '../api/index.ts';
import type { KubeObject } from '../kube/index.ts';

/** Which reconcile an object of the handover comes from. */
export function handoverKeyOf({ metadata: { name, labels } }: KubeObject): string {
  const index = labels?.[LABEL_TUNNEL] ?? '';
  const block = /-(?:peers|access)-(\d{1,5})$/.exec(name)?.[1];
  return block === undefined ? index : `${index}/${block}`;
}
