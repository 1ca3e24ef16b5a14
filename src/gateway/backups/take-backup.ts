import type { RouterAccess } from '../../api/index.ts';
import { isApiError, type KubeApi, secrets } from '../../kube/index.ts';
import { askExport } from '../../routeros/index.ts';
import type { Place } from '../fleet.ts';
import { logIn } from '../log-in.ts';
import { dialTo } from '../router-access.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { backupSecret } from './backup-secret.ts';

export type BackupOutcome = 'kept' | 'unchanged' | 'tooLarge';

export interface TakeOptions {
  client: Pick<KubeApi, 'create'>;
  /** Of the backups. */
  namespace: string;
  sidecar: Pick<SidecarPort, 'connect'>;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
}

export interface TakenFrom {
  place: Place;
  access: RouterAccess;
  /** Number of the password that it was last known to have. */
  revision: number | undefined;
}

const SESSION_MS = 90_000;

/** One conversation with a router: what it says is kept, if it is another than what is. Throws what `backupFailure` reads. */
export async function takeBackup(
  { client, namespace, sidecar, mayWrite }: TakeOptions,
  { place, access, revision }: TakenFrom,
  signal: AbortSignal,
): Promise<BackupOutcome> {
  const dial = dialTo(sidecar, place, access);
  const { api } = await logIn({ dial, access, revision, sessionMs: SESSION_MS, signal });
  const { password, next = '', presharedKey = '' } = access;
  const said = await askExport(api, [password, next, presharedKey], { signal }).finally(() => api.close());
  const secret = await backupSecret(namespace, place.peer.router, said);
  if (secret === undefined) return 'tooLarge';
  // Asking may have taken a minute, in which another took over the node.
  if (!(await mayWrite())) throw new Error('This agent does not speak for its node any more.');
  try {
    await client.create(secrets, secret, { signal });
    return 'kept';
  } catch (error) {
    if (isApiError(error, 'AlreadyExists')) return 'unchanged';
    throw error;
  }
}
