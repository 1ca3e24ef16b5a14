/** What a router shall have, out of all of its profiles. */
import { shortHash } from '../../api/profiles/hash.ts';
import { PROFILE_PREFIX } from './reserved.ts';
import { isSecretName } from './same.ts';

export interface Wanted {
  value: string;
  /** Some of it comes out of a Secret, or the property holds one by its name: never shown. */
  secret: boolean;
  /** `namespace/name` of the profile that says so. */
  from: string;
}

export interface DesiredRow {
  path: string;
  /** Which row it is, whatever its templates come to: 10 hex digits. */
  id: string;
  /** For people: `/ip/pool name=guests`. */
  label: string;
  /** `namespace/name` of the last profile that speaks of it. */
  profile: string;
  /** Undefined: the menu has no rows (`/ip/dns`), or it is a row of a list. */
  match: Readonly<Record<string, string>> | undefined;
  set: ReadonlyMap<string, Wanted>;
  absent: boolean;
}

export interface DesiredList {
  path: string;
  label: string;
  profile: string;
  before: Readonly<Record<string, string>> | undefined;
  rows: readonly DesiredRow[];
}

/** In the order in which they are applied: rows first, then lists. */
export interface Desired {
  rows: readonly DesiredRow[];
  lists: readonly DesiredList[];
}

export const rowId = (...parts: unknown[]): string => shortHash(parts);

/** What our comment says: whose row it is, and which. A profile's own comment stands behind it. */
export const markOf = ({ profile, id }: Pick<DesiredRow, 'profile' | 'id'>): string =>
  `${PROFILE_PREFIX}${profile}/${id}`;

/** Undefined: a comment of people. */
export function readMark(comment: string | undefined): { profile: string; id: string } | undefined {
  if (!comment?.startsWith(PROFILE_PREFIX)) return undefined;
  const [, profile = '', id = ''] =
    /^([^/: ]{1,253}\/[^/: ]{1,253})\/([0-9a-f]{10})(?::|$)/.exec(comment.slice(PROFILE_PREFIX.length)) ?? [];
  return id === '' ? undefined : { profile, id };
}

/** At most as long as the status takes. */
const LONGEST_LABEL = 200;

export function labelOf(path: string, match: Readonly<Record<string, string>>): string {
  const words = Object.entries(match).map(
    ([name, value]) => `${name}=${isSecretName(name) ? '*****' : value}`,
  );
  return oneLine([path, ...words].join(' '), LONGEST_LABEL);
}

/** Fit for a status: no control characters, short. */
export function oneLine(text: string, most: number): string {
  const characters = [...text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')];
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}
