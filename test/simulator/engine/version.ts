/**
 * RouterOS versions: `7.9.2`, `7.24`, `7.24rc2`, `7.23beta4`. A pre-release comes before its release; 7.9 < 7.10.
 */
export interface Version {
  text: string;
  /** major, minor, patch, stage (beta 0, rc 1, release 2), number of the stage. */
  order: readonly [number, number, number, number, number];
}

/** @throws {RangeError} for text that is not a RouterOS version. */
export function parseVersion(text: string): Version {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(?:(beta|rc)(\d+))?$/.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a RouterOS version such as 7.16.2 or 7.24rc2.`);
  const [, major, minor, patch, stage, count] = match;
  const rank = stage === 'beta' ? 0 : stage === 'rc' ? 1 : 2;
  return { text, order: [Number(major), Number(minor), Number(patch ?? 0), rank, Number(count ?? 0)] };
}

const limits = new Map<string, Version['order']>();

function limitOf(text: string): Version['order'] {
  const known = limits.get(text) ?? parseVersion(text).order;
  limits.set(text, known);
  return known;
}

export function atLeast(version: Version, other: string): boolean {
  const limit = limitOf(other);
  for (const [index, part] of version.order.entries()) {
    const against = limit[index] ?? 0;
    if (part !== against) return part > against;
  }
  return true;
}

/** Something that exists from version `since` (inclusive) until `until` (exclusive). */
export interface Span {
  since?: string;
  until?: string;
}

export function inSpan(version: Version, span: Span): boolean {
  if (span.since !== undefined && !atLeast(version, span.since)) return false;
  return span.until === undefined || !atLeast(version, span.until);
}
