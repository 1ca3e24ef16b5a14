import type { Router, RouterProfile } from '../v1alpha1/kinds.ts';
import { matchesGlob } from './glob.ts';
import { isInRange, parseRouterOsVersion, parseVersionRange } from './routeros-version.ts';

/** A RouterProfile by its name. */
export interface ProfileRef {
  namespace: string;
  name: string;
}

/** What a TunnelClass says of profiles for the routers of its tunnels. */
export interface ClassProfiles {
  /** Name of the class. */
  class: string;
  profiles: readonly ProfileRef[];
}

/** What a router is, as it said; nothing of it is known before it has connected. */
export interface SelectionFacts {
  model?: string | undefined;
  version?: string | undefined;
}

/** Where profiles are looked up. */
export interface ProfileSource {
  /** By `namespace/name`. */
  get(key: string): RouterProfile | undefined;
  /** All of a namespace that have a selector. */
  selecting(namespace: string): readonly RouterProfile[];
}

/** What chose it. */
export type ChosenBy = { by: 'class'; class: string } | { by: 'selector' } | { by: 'router' };

export type ChosenProfile = ChosenBy & { profile: RouterProfile };

export interface ProfileSelection {
  /** In the order of merging: where two set the same property of the same row, the later one wins. */
  chosen: readonly ChosenProfile[];
  /** `namespace/name` of what the class or the Router names and is not there. */
  missing: readonly string[];
}

type Chooser = Pick<Router, 'metadata' | 'spec'>;

/**
 * The profiles of a router in the order of merging: those that its class names, then those of its namespace whose
 * selector chooses it, by name, then those that it names itself. One that comes twice counts where it comes last.
 */
export function selectProfiles(
  router: Chooser,
  ofClass: ClassProfiles | undefined,
  profiles: ProfileSource,
  facts: SelectionFacts,
): ProfileSelection {
  const { namespace } = router.metadata;
  const missing = new Set<string>();
  const find = (key: string): RouterProfile[] => {
    const profile = profiles.get(key);
    if (profile !== undefined && isThere(profile)) return [profile];
    missing.add(key);
    return [];
  };
  const named = (ofClass?.profiles ?? []).flatMap((ref) => find(keyOfRef(ref)));
  const selecting = [...profiles.selecting(namespace)]
    .filter(isThere)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const own = (router.spec.profiles ?? []).flatMap((name) => find(`${namespace}/${name}`));
  const order: ChosenProfile[] = [
    ...named.flatMap((profile) =>
      holds(profile, router, facts) && ofClass
        ? [{ profile, by: 'class' as const, class: ofClass.class }]
        : [],
    ),
    ...selecting.flatMap((profile) =>
      selects(profile, router, facts) ? [{ profile, by: 'selector' as const }] : [],
    ),
    ...own.map((profile) => ({ profile, by: 'router' as const })),
  ];
  const last = new Map(order.map(({ profile }, at) => [keyOfRef(profile.metadata), at]));
  const chosen = order.filter(({ profile }, at) => last.get(keyOfRef(profile.metadata)) === at);
  return { chosen, missing: [...missing].sort() };
}

/** What {@link selectProfiles} would say of this one profile; undefined: the router does not have it. */
export function choiceOf(
  profile: RouterProfile,
  router: Chooser,
  ofClass: ClassProfiles | undefined,
  facts: SelectionFacts,
): ChosenBy | undefined {
  const { namespace, name } = profile.metadata;
  if (!isThere(profile)) return undefined;
  const isNeighbour = namespace === router.metadata.namespace;
  if (isNeighbour && router.spec.profiles?.includes(name)) return { by: 'router' };
  if (isNeighbour && selects(profile, router, facts)) return { by: 'selector' };
  const isNamed = ofClass?.profiles.some((ref) => ref.namespace === namespace && ref.name === name) ?? false;
  return ofClass && isNamed && holds(profile, router, facts)
    ? { by: 'class', class: ofClass.class }
    : undefined;
}

/** `namespace/name`. */
export const keyOfRef = ({ namespace, name }: ProfileRef): string => `${namespace}/${name}`;

const isThere = ({ metadata }: RouterProfile): boolean => metadata.deletionTimestamp === undefined;

const selects = (profile: RouterProfile, router: Chooser, facts: SelectionFacts): boolean =>
  profile.spec.selector !== undefined && holds(profile, router, facts);

/** A router of which nothing is known yet has neither a model nor a version. */
function holds({ spec: { selector } }: RouterProfile, { metadata }: Chooser, facts: SelectionFacts): boolean {
  const { matchLabels = {}, models, versions } = selector ?? {};
  const { labels = {} } = metadata;
  if (Object.entries(matchLabels).some(([label, value]) => labels[label] !== value)) return false;
  const { model, version } = facts;
  if (models !== undefined && !models.some((glob) => model !== undefined && matchesGlob(glob, model)))
    return false;
  if (versions === undefined) return true;
  const range = parseVersionRange(versions);
  const parsed = version === undefined ? undefined : parseRouterOsVersion(version);
  return range !== undefined && parsed !== undefined && isInRange(parsed, range);
}
