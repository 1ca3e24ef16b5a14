/** The chart as Helm renders it, without a cluster. */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../testbed/binaries.ts';
import { run } from '../../testbed/command.ts';

export const CHART = join(import.meta.dirname, '..', '..', '..', 'charts', 'tenant-tunnel-operator');
export const RELEASE = 'tenant-tunnel-operator';
export const NAMESPACE = 'tenant-tunnel-system';
/** What nobody can install without. */
export const LEAST: Plain = { defaultClass: { endpoint: { host: 'vpn.example.com' } } };

export type Plain = Record<string, unknown>;

export interface KubeObject extends Plain {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

export async function helm(args: readonly string[], values: Plain = {}): Promise<string> {
  return run(await ensureHelm(), [...args, '-f', '-'], { input: JSON.stringify(values) });
}

/** Every object of `helm template`, hooks too. @throws what Helm says of the values */
export async function render(values: Plain = LEAST, args: readonly string[] = []): Promise<KubeObject[]> {
  return objectsOf(await helm(['template', RELEASE, CHART, '-n', NAMESPACE, ...args], values));
}

/** @throws when one is no YAML, or has a key twice */
export function objectsOf(manifests: string): KubeObject[] {
  return parseAllDocuments(manifests).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

/** `Deployment tenant-tunnel-system/tenant-tunnel-controller` */
export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

export const isHook = ({ metadata }: KubeObject, hook?: string): boolean => {
  const said = metadata.annotations?.['helm.sh/hook'];
  return hook === undefined ? said !== undefined : said === hook;
};
