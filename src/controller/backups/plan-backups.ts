/** Which copies of one router's configuration are kept. Pure. */
import { ANNOTATION_ROUTER_GONE } from '../../api/index.ts';
import type { KubeObject } from '../../kube/index.ts';

/** How long the copies of a Router that is gone are kept, ms. */
export const GONE_MS = 30 * 24 * 3_600_000;

export interface BackupsInput {
  /** All of one Router; metadata is enough. */
  backups: readonly KubeObject[];
  /** How many to keep; undefined: the Router is gone. */
  keep: number | undefined;
  /** ms since 1970. */
  now: number;
}

export interface BackupsPlan {
  delete: KubeObject[];
  /** What {@link ANNOTATION_ROUTER_GONE} of an object has to say; undefined: nothing any more. */
  note?: { on: KubeObject; gone: string | undefined };
}

export function planBackups({ backups, keep, now }: BackupsInput): BackupsPlan {
  const sorted = backups.toSorted(newestFirst);
  const [newest] = sorted;
  const marked = sorted.find(({ metadata }) => metadata.annotations?.[ANNOTATION_ROUTER_GONE] !== undefined);
  if (newest === undefined) return { delete: [] };
  if (keep !== undefined) {
    const over = sorted.slice(keep);
    const isBack = marked !== undefined && !over.includes(marked);
    return { delete: over, ...(isBack && { note: { on: marked, gone: undefined } }) };
  }
  const since = Date.parse(marked?.metadata.annotations?.[ANNOTATION_ROUTER_GONE] ?? '');
  if (Number.isNaN(since)) return { delete: [], note: { on: newest, gone: new Date(now).toISOString() } };
  return { delete: now - since > GONE_MS ? sorted : [] };
}

function newestFirst({ metadata: one }: KubeObject, { metadata: other }: KubeObject): number {
  const [a, b] = [one, other].map(({ creationTimestamp = '', name }) => `${creationTimestamp} ${name}`);
  return (a ?? '') > (b ?? '') ? -1 : 1;
}
