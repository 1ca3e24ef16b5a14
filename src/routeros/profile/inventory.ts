/**
 * What profiles made on a router, kept on the router itself, as a script that does nothing: whatever is lost on our
 * side, what is no longer wanted is found again. It is written before what it tells of is made.
 *
 *     # menu /ip/pool                                   profiles made rows in it; in the order in which they did
 *     # row {"path":…,"id":…,"profile":…,"match":{…}}   a row of a menu without comments
 *     # reads PATH/ID/PROPERTY WRITTEN READ             a property that reads otherwise than it was written
 *
 * WRITTEN and READ are HMACs under a key that the router does not have: secrets are masked, so that only this tells
 * whether one is another by now.
 */
import { createHmac } from 'node:crypto';
import { INVENTORY } from './reserved.ts';

export interface MadeRow {
  path: string;
  id: string;
  profile: string;
  match: Readonly<Record<string, string>>;
}

export interface Inventory {
  /** In the order in which they were first written to: later ones may rest on earlier ones. */
  menus: ReadonlySet<string>;
  /** By `PATH/ID`. */
  rows: ReadonlyMap<string, MadeRow>;
  /** `PATH/ID/PROPERTY` → `WRITTEN READ`. */
  reads: ReadonlyMap<string, string>;
}

export const NOTHING_MADE: Inventory = { menus: new Set(), rows: new Map(), reads: new Map() };

/** Longest text, and what a router's own text is cut to. */
export const MAX_INVENTORY = 60_000;
const HEAD =
  '# What tenant-tunnel-operator made on this router. It does nothing; leave it, and do not edit it.';

export const madeKey = (path: string, id: string): string => `${path}/${id}`;

/** Lines that cannot be read are nothing. Never throws. */
export function parseInventory(source: string): Inventory {
  const menus = new Set<string>();
  const rows = new Map<string, MadeRow>();
  const reads = new Map<string, string>();
  for (const line of source.slice(0, MAX_INVENTORY).split(/\r?\n/)) {
    const [, kind = '', rest = ''] = /^# (menu|row|reads) (\S.*)$/.exec(line) ?? [];
    if (kind === 'menu' && PATH.test(rest)) menus.add(rest);
    if (kind === 'row') {
      const row = readRow(rest);
      if (row !== undefined) rows.set(madeKey(row.path, row.id), row);
    }
    const [, key, tags] = /^(\/\S+) ([0-9a-f]{16} [0-9a-f]{16})$/.exec(kind === 'reads' ? rest : '') ?? [];
    if (key !== undefined && tags !== undefined) reads.set(key, tags);
  }
  return { menus, rows, reads };
}

const PATH = /^(\/[a-z0-9][a-z0-9-]*)+$/;

function readRow(text: string): MadeRow | undefined {
  try {
    const { path, id, profile, match } = JSON.parse(text) as Record<string, unknown>;
    if (typeof path !== 'string' || !PATH.test(path)) return undefined;
    if (typeof id !== 'string' || !/^[0-9a-f]{10}$/.test(id) || typeof profile !== 'string') return undefined;
    if (typeof match !== 'object' || match === null) return undefined;
    const words = Object.entries(match).filter(
      (word): word is [string, string] => typeof word[1] === 'string',
    );
    return words.length === 0 ? undefined : { path, id, profile, match: Object.fromEntries(words) };
  } catch {
    return undefined;
  }
}

export function writeInventory({ menus, rows, reads }: Inventory): string {
  return [
    HEAD,
    ...[...menus].map((path) => `# menu ${path}`),
    ...[...rows].sort(byKey).map(([, row]) => `# row ${asciiJson(row)}`),
    ...[...reads].sort(byKey).map(([key, tags]) => `# reads ${key} ${tags}`),
  ].join('\n');
}

const byKey = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);

/** A router need not keep other letters as they are. */
const asciiJson = ({ path, id, profile, match }: MadeRow): string =>
  JSON.stringify({ path, id, profile, match }).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export const isSameInventory = (one: Inventory, other: Inventory): boolean =>
  writeInventory(one) === writeInventory(other);

/** `key`: a secret of this router that the router itself does not know. */
export const tagOf = (key: string, place: string, value: string | undefined): string =>
  createHmac('sha256', key)
    .update(`${place}\n${value === undefined ? 'absent' : `is ${value}`}`)
    .digest('hex')
    .slice(0, 16);

/** What is sent to keep the inventory. */
export const INVENTORY_ROW = { path: '/system/script', name: INVENTORY } as const;
