/** What the Router's status says of its backups. Pure. */
import type { Router } from '../../api/index.ts';
import { findCondition } from '../../kube/index.ts';
import type { Problem } from '../problem.ts';
import type { SaidCondition } from '../router-sayings.ts';

/** `none`: its class asks for none. Undefined: what its status says already. */
export type BackupSaying = 'kept' | 'none' | Problem | undefined;

/** Never of one router alone: many share it, and a configuration that changes is no write of a status. */
const kept = (namespace: string): SaidCondition => ({
  type: 'BackedUp',
  status: 'True',
  reason: 'BackedUp',
  message: `Its configuration is kept, as Secrets in namespace ${namespace}: docs/backups.md.`,
});

/** The condition as it is to be; undefined: none. */
export function backupCondition(
  { status }: Pick<Router, 'status'>,
  saying: BackupSaying,
  namespace: string,
): SaidCondition | undefined {
  const before = findCondition(status?.conditions, 'BackedUp');
  if (saying === 'none') return undefined;
  if (saying === undefined) return before;
  if (saying === 'kept') return kept(namespace);
  // What a router answers may be part of it, and one that answers something else each time is not a write each time.
  if (before?.status === 'False' && before.reason === saying.reason) return before;
  return { type: 'BackedUp', status: 'False', ...saying };
}
