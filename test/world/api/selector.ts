import type { KubeObject } from '../../../src/kube/index.ts';

export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
}

/** Whether an object is selected: `name` asks for a label, `name=value` for its value. */
export function selects({ namespace, labelSelector }: Selection, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (labelSelector === undefined) return true;
  const [name = '', value] = labelSelector.split('=');
  const label = metadata.labels?.[name];
  return value === undefined ? label !== undefined : label === value;
}
