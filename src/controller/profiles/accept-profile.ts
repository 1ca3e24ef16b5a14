import {
  type ConditionReason,
  isTimeZone,
  parseVersionRange,
  type RouterProfile,
  secretsOf,
  valueDataKey,
} from '../../api/index.ts';
import { problemsBeforehand, type RowProblem } from '../../routeros/index.ts';
import type { Verdict } from '../pool-pressure.ts';
import type { NamespaceValues, ValueProblem } from './plan-values.ts';

export interface Refusal {
  reason: ConditionReason;
  message: string;
}

/** Role that the owner of a namespace binds, so that the operator may read its Secrets. */
export const VALUES_ROLE = 'tenant-tunnel-profile-values';

/** Why a profile cannot be applied to any router; undefined: nothing is wrong with it as far as it goes by itself. */
export function refusalOfProfile(
  profile: RouterProfile,
  values: NamespaceValues | undefined,
  systemNamespace: string,
): Refusal | undefined {
  const { rollout, selector } = profile.spec;
  const zone = rollout?.windows?.find(({ timeZone }) => timeZone !== undefined && !isTimeZone(timeZone));
  if (zone !== undefined) {
    return {
      reason: 'InvalidProfile',
      message: `spec.rollout.windows names the time zone "${zone.timeZone}", which is not in the IANA database; write one that is, for example "Europe/Zurich".`,
    };
  }
  if (selector?.versions !== undefined && parseVersionRange(selector.versions) === undefined) {
    return {
      reason: 'InvalidProfile',
      message: `spec.selector.versions "${selector.versions}" is no range of versions; write one as ">=7.16 <7.24".`,
    };
  }
  const problems = rowProblemsOf(profile);
  const { resources = [], lists = [] } = profile.spec;
  const rows = resources.length + lists.reduce((sum, list) => sum + list.rows.length, 0);
  if (rows > 0 && problems.length >= rows)
    return {
      reason: 'InvalidProfile',
      message: `No row of the profile can be applied, of ${told(problems)}`,
    };
  const { namespace } = profile.metadata;
  for (const { name, secret, key } of secretsOf(profile.spec)) {
    const problem = values?.problems.get(valueDataKey(secret, key));
    if (problem !== undefined)
      return SENTENCES[problem]({ value: name, secret, key, namespace, systemNamespace });
  }
  return undefined;
}

/** Of a condition. */
const MOST_NAMED = 3;

/** What is said of a profile that can be applied: rows that no router can be given are left out, and the others are not. */
export function acceptance(profile: RouterProfile): Verdict {
  const problems = rowProblemsOf(profile);
  if (problems.length === 0)
    return { status: 'True', reason: 'Accepted', message: 'The profile can be applied.' };
  const message = `The profile can be applied, but for ${told(problems)}`;
  return { status: 'True', reason: 'RowsRefused', message };
}

const rowProblemsOf = ({ metadata, spec }: RouterProfile): RowProblem[] =>
  problemsBeforehand(`${metadata.namespace}/${metadata.name}`, spec);

function told(problems: readonly RowProblem[]): string {
  const named = problems.slice(0, MOST_NAMED).map(({ message }) => message);
  const more = problems.length - named.length;
  const rows = problems.length === 1 ? 'one row' : `${problems.length} rows`;
  return `${rows}: ${named.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`;
}

interface Subject {
  value: string;
  secret: string;
  key: string;
  namespace: string;
  systemNamespace: string;
}

const SENTENCES: Record<ValueProblem, (of: Subject) => Refusal> = {
  forbidden: ({ value, secret, namespace, systemNamespace }) => ({
    reason: 'SecretUnreadable',
    message: `The operator may not read Secret ${secret} of namespace ${namespace}, which spec.values "${value}" refers to. Let it: kubectl create rolebinding ${VALUES_ROLE} --namespace=${namespace} --clusterrole=${VALUES_ROLE} --serviceaccount=${systemNamespace}:tenant-tunnel-controller; or add ${namespace} to profiles.secretNamespaces of the chart. It is looked at again every 3 minutes.`,
  }),
  absent: ({ value, secret, namespace }) => ({
    reason: 'SecretNotFound',
    message: `Secret ${secret}, which spec.values "${value}" refers to, does not exist in namespace ${namespace}; create it. It is looked at again every 3 minutes.`,
  }),
  noKey: ({ value, secret, key, namespace }) => ({
    reason: 'SecretNotFound',
    message: `Secret ${secret} of namespace ${namespace} has no key ${key}, which spec.values "${value}" refers to; add it, or write a key that it has. It is looked at again every 3 minutes.`,
  }),
  tooLong: ({ value, secret, key }) => ({
    reason: 'InvalidProfile',
    message: `Key ${key} of Secret ${secret}, which spec.values "${value}" refers to, holds more than 16 KiB; write a shorter value.`,
  }),
  noText: ({ value, secret, key }) => ({
    reason: 'InvalidProfile',
    message: `Key ${key} of Secret ${secret}, which spec.values "${value}" refers to, is not text in UTF-8; write it as such.`,
  }),
};
