/**
 * Copies of routers' configurations, as their `/export` has them: one Secret each in a namespace of its own, where agents
 * may create and do nothing else. Its name follows from the Router and from what is in it, so that the same once more is
 * refused as being there.
 */
import { createHash } from 'node:crypto';
import { LABEL_PART } from './handover.ts';
import { keyOfRef, type ProfileRef } from './profiles/select.ts';

export const DEFAULT_BACKUP_NAMESPACE = 'tenant-tunnel-backups';

/** Value of {@link LABEL_PART}. */
export const BACKUP_PART = 'backup';
/** Labels to find them by; the second one only where the name is short enough for a label. */
export const LABEL_BACKUP_NAMESPACE = 'vpn.traidnet.io/router-namespace';
export const LABEL_BACKUP_ROUTER = 'vpn.traidnet.io/router';
/** The Router, `namespace/name`. */
export const ANNOTATION_BACKUP_OF = 'vpn.traidnet.io/backup-of';
/** The RouterOS version that it was written by. */
export const ANNOTATION_BACKUP_VERSION = 'vpn.traidnet.io/routeros-version';
/** On the newest one of a Router that is gone: since when, as far as was noticed; ISO time. */
export const ANNOTATION_ROUTER_GONE = 'vpn.traidnet.io/router-gone';
/** In the Secret: the text of `/export terse`, gzip. */
export const BACKUP_KEY = 'export.rsc.gz';

const MAX_LABEL = 63;

type RouterRef = ProfileRef;

const hex = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Begins the names of all backups of a Router, and of no other's. */
export const backupPrefix = (router: RouterRef): string => hex(keyOfRef(router));

/** `content`: what of the configuration counts. */
export const backupName = (router: RouterRef, content: string): string =>
  `${backupPrefix(router)}-${hex(content)}`;

export function backupLabels({ namespace, name }: RouterRef): Record<string, string> {
  return {
    'app.kubernetes.io/managed-by': 'tenant-tunnel-operator',
    [LABEL_PART]: BACKUP_PART,
    [LABEL_BACKUP_NAMESPACE]: namespace,
    ...(name.length <= MAX_LABEL && { [LABEL_BACKUP_ROUTER]: name }),
  };
}
