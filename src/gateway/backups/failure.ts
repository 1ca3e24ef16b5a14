/** What a person should read when a router's configuration could not be kept. */
import type { RouterAccess } from '../../api/index.ts';
import { isApiError } from '../../kube/index.ts';
import { RouterOsError } from '../../routeros/index.ts';
import type { Problem } from '../problem.ts';
import { failureOf } from '../router-failure.ts';
import { MOST_BYTES } from './backup-secret.ts';

const KIB = 1024;

export const tooLarge: Problem = {
  reason: 'BackupTooLarge',
  message: `The router's configuration is more than ${MOST_BYTES / KIB} KiB, packed: it is not kept. Long lists, such as address lists, are better fetched by the router itself; take this one by hand with "/export file=", and see docs/backups.md.`,
};

/** Undefined where the fault is neither the router's nor the cluster's settings: it is tried again, and nothing said. */
export function backupFailure(error: unknown, access: RouterAccess, namespace: string): Problem | undefined {
  if (isApiError(error, 'Forbidden', 'NotFound', 'Invalid', 'BadRequest', 'TooLarge'))
    return {
      reason: 'BackupRefused',
      message: `The API server does not take a Secret in namespace ${namespace}: ${refusal(error)} Make room there, or raise backups.maxSecrets of the chart, where it is full; where the namespace or the right is missing, install the chart of this version.`,
    };
  if (!(error instanceof RouterOsError)) return undefined;
  switch (error.code) {
    case 'TooLarge':
      return { ...tooLarge, message: `${error.message} ${tooLarge.message}` };
    case 'NoSuchCommand':
    case 'ProtocolViolation':
    case 'Trap':
    case 'NotPermitted':
      return {
        reason: 'BackupFailed',
        message: `${error.message} Its configuration is not kept; see that the user ${access.user} still has the group that the script gave it. It is tried again by itself.`,
      };
    default:
      // What keeps the operator from the router altogether is said elsewhere.
      return failureOf(error, access) === undefined ? undefined : unreachable;
  }
}

const unreachable: Problem = {
  reason: 'BackupFailed',
  message:
    'The router did not answer to the end when it was asked for its configuration, which takes up to a minute. It is tried again by itself.',
};

/** Of a Secret the client says nothing but why. */
const refusal = ({ message }: Error): string => (message.endsWith('.') ? message : `${message}.`);
