/** A RouterOS version, e.g. `7.16.2 (stable)` or `7.24rc2`, as `/system/resource` reports it. */
export interface RouterOsVersion {
  major: number;
  minor: number;
  patch: number;
  /** Absent in a release. */
  preview?: { kind: 'alpha' | 'beta' | 'rc'; number: number };
}

/** The oldest version that the script is written for. */
export const OLDEST_SUPPORTED: RouterOsVersion = { major: 7, minor: 9, patch: 0 };

const FORM = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:(alpha|beta|rc)(\d{1,4}))?(?![\w.])/;
const RANK = { alpha: 0, beta: 1, rc: 2 } as const;
type Kind = keyof typeof RANK;

/** Undefined for what is not a version; a channel in brackets after it is ignored. */
export function parseVersion(text: string): RouterOsVersion | undefined {
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  const [, major, minor, patch, kind, number] = match;
  const version = { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
  return kind === undefined
    ? version
    : { ...version, preview: { kind: kind as Kind, number: Number(number) } };
}

/** Negative, 0 or positive, as in Array.sort: 7.9 < 7.10beta2 < 7.10rc1 < 7.10 < 7.10.1. */
export function compareVersions(a: RouterOsVersion, b: RouterOsVersion): number {
  const preview = (version: RouterOsVersion): [number, number] =>
    version.preview === undefined ? [3, 0] : [RANK[version.preview.kind], version.preview.number];
  const parts = (version: RouterOsVersion): number[] => [
    version.major,
    version.minor,
    version.patch,
    ...preview(version),
  ];
  const left = parts(a);
  const right = parts(b);
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
