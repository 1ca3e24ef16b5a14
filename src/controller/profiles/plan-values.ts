import {
  ANNOTATION_VALUE_VERSIONS,
  LABEL_PART,
  MAX_PROFILE_VALUE,
  type RouterProfile,
  readValueVersions,
  secretsOf,
  VALUES_PART,
  valueDataKey,
  valuesObjectName,
} from '../../api/index.ts';
import type { Secret } from '../../kube/index.ts';

/** What reading a Secret came to. */
export type SecretRead = Secret | 'absent' | 'forbidden';

/** Why a value cannot be had. */
export type ValueProblem = 'absent' | 'forbidden' | 'noKey' | 'tooLong' | 'noText';

/** What is known of the values of a namespace, and none of them. By data key of the copy. */
export interface NamespaceValues {
  /** Of each that can be had. */
  versions: Readonly<Record<string, string>>;
  /** Of each that cannot. */
  problems: ReadonlyMap<string, ValueProblem>;
}

export interface ValuesPlan {
  values: NamespaceValues;
  /** What is to stand in the gateways' namespace; undefined: nothing. */
  copy: Secret | undefined;
}

export interface ValuesInput {
  /** Of the profiles. */
  namespace: string;
  gatewayNamespace: string;
  referred: ReadonlyMap<string, ReadonlySet<string>>;
  /** By name. */
  reads: ReadonlyMap<string, SecretRead>;
  /** The copy that stands. */
  before: Secret | undefined;
}

/** Names of the Secrets that profiles of one namespace refer to, with the keys of each. */
export function referredSecrets(profiles: readonly RouterProfile[]): Map<string, Set<string>> {
  const secrets = new Map<string, Set<string>>();
  for (const { metadata, spec } of profiles) {
    if (metadata.deletionTimestamp !== undefined) continue;
    for (const { secret, key } of secretsOf(spec)) {
      const keys = secrets.get(secret) ?? new Set();
      secrets.set(secret, keys.add(key));
    }
  }
  return secrets;
}

/** The copy of what is referred to and could be read, and no more. A value that is as it was keeps its version. */
export function planValues({
  namespace,
  gatewayNamespace,
  referred,
  reads,
  before,
}: ValuesInput): ValuesPlan {
  const known = readValueVersions(before);
  const data: Record<string, string> = {};
  const versions: Record<string, string> = {};
  const problems = new Map<string, ValueProblem>();
  for (const [name, keys] of [...referred].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const secret = reads.get(name) ?? 'absent';
    for (const key of [...keys].sort()) {
      const dataKey = valueDataKey(name, key);
      const problem = typeof secret === 'string' ? secret : problemOf(secret, key);
      if (problem !== undefined || typeof secret === 'string') {
        problems.set(dataKey, problem ?? 'absent');
        continue;
      }
      data[dataKey] = secret.data?.[key] ?? '';
      const isAsBefore = before?.data?.[dataKey] === data[dataKey];
      versions[dataKey] = (isAsBefore ? known[dataKey] : undefined) ?? secret.metadata.resourceVersion ?? '';
    }
  }
  const copy: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: valuesObjectName(namespace),
      namespace: gatewayNamespace,
      labels: { 'app.kubernetes.io/managed-by': 'tenant-tunnel-operator', [LABEL_PART]: VALUES_PART },
      annotations: { [ANNOTATION_VALUE_VERSIONS]: JSON.stringify(versions) },
    },
    type: 'Opaque',
    data,
  };
  return { values: { versions, problems }, copy: Object.keys(data).length === 0 ? undefined : copy };
}

function problemOf({ data = {} }: Secret, key: string): ValueProblem | undefined {
  const encoded = data[key];
  if (encoded === undefined) return 'noKey';
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length > MAX_PROFILE_VALUE) return 'tooLong';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return 'noText';
  }
}
