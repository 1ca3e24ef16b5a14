/**
 * What Velero does with Kubernetes objects, as far as a restore of ours depends on it (velero.io/docs: "Resource
 * Filtering", "Restore Reference"): it takes objects without what a cluster adds to them, makes them again kind after
 * kind, leaves alone what is there, labels what it has made, and writes statuses only of the kinds it is told to.
 */
import type { ControlPlane } from '../../testbed/control-plane.ts';

interface Stored {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [field: string]: unknown };
  status?: unknown;
  [field: string]: unknown;
}

/** What a backup of ours holds, in the order that Velero restores it by default: some kinds first, the rest by name. */
export const VELERO_ORDER = [
  'secrets',
  'configmaps',
  'leases',
  'routers',
  'tenanttunnels',
  'tunnelclasses',
] as const;
export type Resource = (typeof VELERO_ORDER)[number];

export type Backup = ReadonlyMap<Resource, readonly Stored[]>;

const PATHS: Record<Resource, string> = {
  secrets: '/api/v1',
  configmaps: '/api/v1',
  leases: '/apis/coordination.k8s.io/v1',
  routers: '/apis/vpn.traidnet.io/v1alpha1',
  tenanttunnels: '/apis/vpn.traidnet.io/v1alpha1',
  tunnelclasses: '/apis/vpn.traidnet.io/v1alpha1',
};

type Plane = Pick<ControlPlane, 'request'>;

/** @param namespaces those that are backed up; objects that are in none are taken as well */
export async function backUp(plane: Plane, namespaces: readonly string[]): Promise<Backup> {
  const backup = new Map<Resource, readonly Stored[]>();
  for (const resource of VELERO_ORDER) {
    const answer = await plane.request('GET', `${PATHS[resource]}/${resource}`);
    const { items, apiVersion, kind } = answer.json();
    const own = (items as Stored[]).filter(
      ({ metadata: { namespace } }) => !namespace || namespaces.includes(namespace),
    );
    backup.set(
      resource,
      own.map((object) => ({ ...object, apiVersion, kind: kind.replace(/List$/, '') })),
    );
  }
  return backup;
}

export interface RestoreOptions {
  /** What is restored, in this order; by default all in Velero's. */
  order?: readonly Resource[];
  /** Kinds whose statuses are written, as by `--status-include-resources`. */
  statuses?: readonly Resource[];
  /** Which objects; by default all. */
  only?: (object: Stored) => boolean;
}

/** Answers how many objects it has made. */
export async function restore(plane: Plane, backup: Backup, options: RestoreOptions = {}): Promise<number> {
  const { order = VELERO_ORDER, statuses = [], only = () => true } = options;
  let made = 0;
  for (const resource of order) {
    for (const { status, ...object } of (backup.get(resource) ?? []).filter(only)) {
      const { name, namespace, labels, annotations } = object.metadata;
      const metadata = {
        name,
        ...(namespace && { namespace }),
        labels: { ...labels, 'velero.io/backup-name': 'drill', 'velero.io/restore-name': 'drill-1' },
        annotations,
      };
      const folder = `${PATHS[resource]}${namespace ? `/namespaces/${namespace}` : ''}/${resource}`;
      const answer = await plane.request('POST', folder, { ...object, metadata });
      // What is there is left as it is.
      if (answer.status === 409) continue;
      if (answer.status !== 201) throw new Error(`${resource} ${namespace}/${name}: ${answer.text}`);
      made++;
      if (status === undefined || !statuses.includes(resource)) continue;
      const patched = await plane.request(
        'PATCH',
        `${folder}/${name}/status`,
        { status },
        'application/merge-patch+json',
      );
      // The Router may be gone by then: it belongs to whoever is at work meanwhile.
      if (patched.status !== 200)
        throw new Error(`status of ${resource} ${namespace}/${name}: ${patched.text}`);
    }
  }
  return made;
}

/** Deletes what the backup names, kind after kind. */
export async function removeAll(plane: Plane, backup: Backup, order: readonly Resource[]): Promise<void> {
  for (const resource of order) {
    for (const { metadata } of backup.get(resource) ?? []) {
      const { name, namespace } = metadata;
      const folder = `${PATHS[resource]}${namespace ? `/namespaces/${namespace}` : ''}/${resource}`;
      await plane.request('DELETE', `${folder}/${name}`);
    }
  }
}
