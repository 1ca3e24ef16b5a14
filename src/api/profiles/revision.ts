import type { RouterProfile } from '../v1alpha1/kinds.ts';
import { shortHash } from './hash.ts';
import { secretsOf } from './values.ts';

/**
 * Names what a profile asks for: a short hash over its spec and over the versions of the values that it refers to, as
 * {@link readValueVersions} gives them; never over a value. Who gets it, and how fast, is not part of it: a change of
 * selector, rollout or drift rolls nothing out again.
 */
export function profileRevision(
  { spec }: Pick<RouterProfile, 'spec'>,
  versions: Readonly<Record<string, string>>,
): string {
  const { selector: _, rollout: __, drift: ___, ...asked } = spec;
  const used = secretsOf(spec).map(({ dataKey }) => [dataKey, versions[dataKey] ?? '']);
  return shortHash([asked, used]);
}

/** Names what a selector chooses; a rollout is of one such. */
export const selectorHash = ({ spec }: Pick<RouterProfile, 'spec'>): string =>
  shortHash(spec.selector ?? null);
