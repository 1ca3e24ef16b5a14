/**
 * Values out of Secrets on their way to the agents, which may read no Secret of people: the controller copies the keys
 * that profiles of a namespace refer to into one Secret of the gateways' namespace.
 *
 *     Secret values-NAMESPACE       one data key SECRET_KEY a value; no name of a Secret has "_"
 *       label vpn.traidnet.io/part: values
 *       annotation vpn.traidnet.io/value-versions: {"SECRET_KEY": "resourceVersion", …}
 */
import type { RouterProfileSpec } from '../v1alpha1/router-profile.ts';

/** Value of the label `vpn.traidnet.io/part` of such a copy. */
export const VALUES_PART = 'values';
/**
 * On a copy of values: JSON, for each data key the resourceVersion that its Secret had when the value was last another.
 * What else changes in that Secret rolls nothing out.
 */
export const ANNOTATION_VALUE_VERSIONS = 'vpn.traidnet.io/value-versions';

export const valuesObjectName = (namespace: string): string => `values-${namespace}`;

export interface SecretValue {
  /** Of the profile's `values`. */
  name: string;
  secret: string;
  key: string;
  /** Where the copy has it. */
  dataKey: string;
}

/** The values of a profile that come from Secrets, in the order of the spec. */
export const secretsOf = ({ values = [] }: Pick<RouterProfileSpec, 'values'>): SecretValue[] =>
  values.flatMap(({ name, secretKeyRef: ref }) =>
    ref === undefined
      ? []
      : [{ name, secret: ref.name, key: ref.key, dataKey: valueDataKey(ref.name, ref.key) }],
  );

export const valueDataKey = (secret: string, key: string): string => `${secret}_${key}`;

/** What a copy's annotation says; nothing where somebody made something else of it. */
export function readValueVersions(
  copy: { metadata: { annotations?: Record<string, string> } } | undefined,
): Record<string, string> {
  try {
    const read: unknown = JSON.parse(copy?.metadata.annotations?.[ANNOTATION_VALUE_VERSIONS] ?? '{}');
    const entries = typeof read === 'object' && read !== null ? Object.entries(read) : [];
    return Object.fromEntries(entries.filter(([, version]) => typeof version === 'string'));
  } catch {
    return {};
  }
}
