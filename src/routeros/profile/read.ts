/** What a router has, of the menus and properties that are asked for. */
import type { ApiRow } from '../api/reply.ts';
import { RouterOsError } from '../errors.ts';
import type { Knowledge } from '../version/index.ts';
import type { Asked } from '../version/inspect.ts';
import { INVENTORY_ROW, type Inventory, NOTHING_MADE, parseInventory } from './inventory.ts';

export interface ActualMenu {
  /** In RouterOS's order. Of a menu without rows there is one without `.id`. */
  rows: readonly ApiRow[];
  /** Why it could not be read, a clause; its rows are then unknown. */
  problem?: { reason: 'UnknownMenu' | 'Unreadable'; message: string };
}

export interface ReadOptions {
  signal: AbortSignal;
}

/** One below the most that the API client takes for one answer. */
const MAX_ROWS = 9_999;
const ALWAYS = [
  '.id',
  '.about',
  'comment',
  'name',
  'interface',
  'address',
  'dynamic',
  'builtin',
  'default',
  'disabled',
  'invalid',
];
const AT_ONCE = 16;

/** `wanted`: properties by menu, in the profile's names; rows come in these names, too. */
export async function readMenus(
  session: Asked,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  knowledge: Knowledge,
  { signal }: ReadOptions,
): Promise<Map<string, ActualMenu>> {
  const menus = new Map<string, ActualMenu>();
  const waiting = [...wanted].values();
  const worker = async (): Promise<void> => {
    for (const [path, properties] of waiting) menus.set(path, await readMenu(path, properties));
  };
  const readMenu = async (path: string, properties: ReadonlySet<string>): Promise<ActualMenu> => {
    const names = new Map([...properties, ...ALWAYS].map((name) => [name, knowledge.renamed(path, name)]));
    try {
      // What cannot be switched off for a while is made again if need be, and so is read as a whole.
      const isWhole = knowledge.has(path, 'set', 'disabled') === 'no' && knowledge.has(path, 'add') === 'yes';
      const { rows, truncated } = await session.command(
        { path: `${path}/print`, ...(isWhole ? {} : { proplist: [...new Set(names.values())] }) },
        { signal, takeRows: MAX_ROWS },
      );
      if (truncated)
        return { rows: [], problem: { reason: 'Unreadable', message: `it has more than ${MAX_ROWS} rows` } };
      return { rows: rows.map((row) => inOurNames(row, names)) };
    } catch (error) {
      if (!(error instanceof RouterOsError) || ENDED.has(error.code)) throw error;
      const reason = error.code === 'NoSuchCommand' ? 'UnknownMenu' : 'Unreadable';
      return { rows: [], problem: { reason, message: withoutStop(error.message) } };
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted.size) }, worker));
  return menus;
}

/** The session is of no more use. */
export const ENDED: ReadonlySet<RouterOsError['code']> = new Set([
  'Aborted',
  'Closed',
  'Fatal',
  'LoginRefused',
  'ProtocolViolation',
  'Timeout',
  'TooLarge',
]);

export const withoutStop = (text: string): string => text.replace(/\.$/, '');

function inOurNames(row: ApiRow, names: ReadonlyMap<string, string>): ApiRow {
  const renamed = [...names].filter(([ours, theirs]) => ours !== theirs && row[theirs] !== undefined);
  if (renamed.length === 0) return row;
  return { ...row, ...Object.fromEntries(renamed.map(([ours, theirs]) => [ours, row[theirs] ?? ''])) };
}

/** The inventory, and the id of the script that has it. Throws {@link RouterOsError}. */
export async function readInventory(
  session: Asked,
  { signal }: ReadOptions,
): Promise<{ inventory: Inventory; id: string | undefined }> {
  const { path, name } = INVENTORY_ROW;
  const { rows } = await session.command(
    { path: `${path}/print`, proplist: ['.id', 'source'], queries: [`name=${name}`] },
    { signal, takeRows: 1 },
  );
  const [row] = rows;
  return row === undefined
    ? { inventory: NOTHING_MADE, id: undefined }
    : { inventory: parseInventory(row.source ?? ''), id: row['.id'] };
}

/** Features that the device-mode of the router forbids; none where it has no such menu. */
export async function readForbidden(session: Asked, { signal }: ReadOptions): Promise<ReadonlySet<string>> {
  try {
    const { rows } = await session.command({ path: '/system/device-mode/print' }, { signal, takeRows: 1 });
    const off = Object.entries(rows[0] ?? {}).filter(([, value]) => value === 'false' || value === 'no');
    return new Set(off.map(([feature]) => feature));
  } catch (error) {
    if (!(error instanceof RouterOsError) || ENDED.has(error.code)) throw error;
    return new Set();
  }
}
