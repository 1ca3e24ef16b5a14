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

/** Builds Helm where it is not there yet; for beforeAll, since that takes minutes. */
export async function prepareHelm(): Promise<void> {
  await ensureHelm();
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

/** `Deployment controller`: without namespace, unless it is the gateways', and without `tenant-tunnel-`. */
export function shortName({ kind, metadata: { name, namespace } }: KubeObject): string {
  const place = namespace === undefined || namespace === NAMESPACE ? '' : `${namespace}/`;
  return `${kind} ${place}${name.replace(/^tenant-tunnel-/, '')}`;
}

/** `{ a: { b: value } }` of `a.b`. */
export const nested = (path: string, value: unknown): Plain =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Plain;

export function merged(one: Plain, other: Plain): Plain {
  const isPlain = (value: unknown): value is Plain =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const both = Object.entries(other).map(([key, value]) => {
    const known = one[key];
    return [key, isPlain(known) && isPlain(value) ? merged(known, value) : value];
  });
  return { ...one, ...Object.fromEntries(both) };
}
