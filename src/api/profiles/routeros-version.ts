/** RouterOS versions: `7.16`, `7.16.2`, `7.24beta3`, `7.24rc1`, with or without a channel behind (`7.16.2 (stable)`). */

export interface RouterOsVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Before the release of that number: alpha < beta < rc < final. */
  readonly stage: 'alpha' | 'beta' | 'rc' | 'final';
  /** Of the stage, e.g. 3 of `beta3`; 0 of `final`. */
  readonly build: number;
}

const STAGES = ['alpha', 'beta', 'rc', 'final'] as const;
const NUMBER = String.raw`(\d{1,3})\.(\d{1,4})(?:\.(\d{1,4}))?(?:(alpha|beta|rc)(\d{1,4}))?`;
/** What stands behind, as a channel does, is after a blank. */
const VERSION = new RegExp(`^${NUMBER}(?:\\s.*)?$`);
const COMPARATOR = new RegExp(`^(>=|<=|>|<|=)${NUMBER}$`);

/** undefined for anything that is no version; a router says what it likes. */
export function parseRouterOsVersion(text: string): RouterOsVersion | undefined {
  return versionOf(VERSION.exec(text.slice(0, 128).trim())?.slice(1));
}

/** Negative when `a` comes before `b`. */
export function compareRouterOsVersions(a: RouterOsVersion, b: RouterOsVersion): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) ||
    a.build - b.build
  );
}

/** All of them must hold. */
export type VersionRange = readonly {
  readonly operator: '>=' | '<=' | '>' | '<' | '=';
  readonly version: RouterOsVersion;
}[];

/** Reads `>=7.16 <7.24`; undefined when it is no such thing. */
export function parseVersionRange(text: string): VersionRange | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  const range = words.flatMap((word) => {
    const [, operator, ...numbers] = COMPARATOR.exec(word) ?? [];
    const version = versionOf(numbers);
    return operator === undefined || version === undefined
      ? []
      : [{ operator: operator as VersionRange[number]['operator'], version }];
  });
  return words.length === 0 || range.length < words.length ? undefined : range;
}

/** A beta of 7.24 comes before 7.24: it is in `<7.24`, and not in `>=7.24`. */
export const isInRange = (version: RouterOsVersion, range: VersionRange): boolean =>
  range.every(({ operator, version: bound }) => HOLDS[operator](compareRouterOsVersions(version, bound)));

const HOLDS = {
  '>=': (order: number) => order >= 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '<': (order: number) => order < 0,
  '=': (order: number) => order === 0,
} as const;

function versionOf(parts: readonly (string | undefined)[] | undefined): RouterOsVersion | undefined {
  const [major, minor, patch = '0', stage = 'final', build = '0'] = parts ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    stage: stage as RouterOsVersion['stage'],
    build: Number(build),
  };
}
