import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const BASE = join(import.meta.dirname, '..', '..', 'deploy', 'base');
const KINDS = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

/** Of deploy/base, what a cluster must have for processes that run beside it: namespaces, accounts and their rights. */
export function rightsManifest(kubectl: (args: string[]) => string): string {
  const objects = parseAllDocuments(kubectl(['kustomize', BASE])).map((document) => document.toJS());
  const items = objects.filter(({ kind }) => KINDS.includes(kind));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
