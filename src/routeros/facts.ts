import { ROUTER_STATUS_LIMITS, type RouterInterface } from '../api/index.ts';
import type { RouterOsApi } from './api/client.ts';
import { type ApiRow, isTrue } from './api/reply.ts';
import { RouterOsError } from './errors.ts';

/** What a router says of itself, cleaned and bounded by the limits of the Router's status, where it goes. */
export interface RouterFacts {
  /** Only cut, not cleaned: to be compared with the one that is wanted, and not to be shown. */
  identity: string;
  /** As the router writes it, e.g. `7.16.2 (stable)`. */
  version: string;
  /** E.g. `hAP ax^3` or `CHR QEMU Standard PC`. */
  boardName: string;
  /** Absent where there is no RouterBOARD (CHR, x86), like the serial number. */
  model?: string;
  serialNumber?: string;
  /** Bytes left where the router keeps its settings; absent where it does not say. */
  freeStorageBytes?: number;
  /** Without dynamic ones (a session of a PPP client, say), which come and go by themselves. In RouterOS's order. */
  interfaces: RouterInterface[];
  /** There are more than are listed. */
  interfacesTruncated: boolean;
}

export interface FactsOptions {
  signal?: AbortSignal;
  /** For each of the four questions. */
  timeoutMs?: number;
}

/** Rows looked at to find the interfaces that are not dynamic: a PPPoE server has thousands that are. */
const MAX_INTERFACE_ROWS = 4096;

/** Asks all four at once. Throws {@link RouterOsError}. */
export async function readFacts(api: RouterOsApi, options: FactsOptions = {}): Promise<RouterFacts> {
  const first = async (path: string, proplist: string[]): Promise<ApiRow> => {
    const { rows } = await api.command({ path, proplist }, { ...options, takeRows: 1 });
    return rows[0] ?? {};
  };
  const [identity, resource, board, interfaces] = await Promise.all([
    first('/system/identity/print', ['name']),
    first('/system/resource/print', ['version', 'board-name', 'free-hdd-space']),
    // CHR and x86 have no such menu: that is an answer, too.
    first('/system/routerboard/print', ['model', 'serial-number']).catch(absent),
    api.command(
      {
        path: '/interface/print',
        proplist: ['name', 'type', 'mac-address', 'running', 'disabled', 'dynamic'],
      },
      { ...options, takeRows: MAX_INTERFACE_ROWS },
    ),
  ]);
  const { fact, interfaces: most } = ROUTER_STATUS_LIMITS;
  const lasting = interfaces.rows.filter((row) => !isTrue(row.dynamic));
  const model = clean(board.model, fact);
  const serialNumber = clean(board['serial-number'], fact);
  const freeStorageBytes = bytesOf(resource['free-hdd-space']);
  return {
    identity: cut(identity.name ?? '', fact),
    version: clean(resource.version, fact),
    boardName: clean(resource['board-name'], fact),
    ...(model === '' ? {} : { model }),
    ...(serialNumber === '' ? {} : { serialNumber }),
    ...(freeStorageBytes === undefined ? {} : { freeStorageBytes }),
    interfaces: lasting.slice(0, most).map(interfaceOf),
    interfacesTruncated: interfaces.truncated || lasting.length > most,
  };
}

/** What alone tells one router from another; undefined where there is none (CHR, x86). Throws {@link RouterOsError}. */
export async function readSerialNumber(
  api: RouterOsApi,
  options: FactsOptions = {},
): Promise<string | undefined> {
  const asked = { path: '/system/routerboard/print', proplist: ['serial-number'] };
  const { rows } = await api.command(asked, { ...options, takeRows: 1 }).catch((error: unknown) => ({
    rows: [absent(error)],
  }));
  return clean(rows[0]?.['serial-number'], ROUTER_STATUS_LIMITS.fact) || undefined;
}

/** Throws {@link RouterOsError}. */
export async function setIdentity(
  api: RouterOsApi,
  identity: string,
  options: FactsOptions = {},
): Promise<void> {
  await api.command({ path: '/system/identity/set', attributes: { name: identity } }, options);
}

function absent(error: unknown): ApiRow {
  if (error instanceof RouterOsError && error.code === 'NoSuchCommand') return {};
  throw error;
}

function interfaceOf(row: ApiRow): RouterInterface {
  const { interfaceFact } = ROUTER_STATUS_LIMITS;
  const macAddress = clean(row['mac-address'], interfaceFact);
  return {
    name: clean(row.name, interfaceFact),
    type: clean(row.type, interfaceFact),
    ...(macAddress === '' ? {} : { macAddress }),
    running: isTrue(row.running),
    disabled: isTrue(row.disabled),
  };
}

/** Less than a router needs to keep what it is told, with room for it to do so safely. */
const LEAST_STORAGE_BYTES = 32 * 1024;

/**
 * Throws {@link RouterOsError} for a router whose storage is full: it takes settings, and has lost them after a restart. So
 * nothing may be changed there that must not come undone, such as a password whose former one is then forgotten.
 */
export function needStorage({ freeStorageBytes }: Pick<RouterFacts, 'freeStorageBytes'>): void {
  if (freeStorageBytes === undefined || freeStorageBytes >= LEAST_STORAGE_BYTES) return;
  throw new RouterOsError(
    'Trap',
    `The router has not enough storage space to keep a change: ${freeStorageBytes} bytes are free.`,
  );
}

/** The API writes plain numbers; with a unit as the console has it, it is taken as well. */
function bytesOf(text: string | undefined): number | undefined {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d+)?)(KiB|MiB|GiB)?$/.exec(text ?? '') ?? [];
  const factor = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }[unit] ?? 1;
  return number === undefined ? undefined : Math.floor(Number(number) * factor);
}

/**
 * Without control, format and unassigned characters, on one line, at most `most` characters. Bytes that are no UTF-8 are
 * seen to be there: a name of nothing else would be none.
 */
function clean(text: string | undefined, most: number): string {
  const shown = (text ?? '').replace(/[\uDC80-\uDCFF]/gu, '\uFFFD');
  const line = shown.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return cut(line, most);
}

const cut = (text: string, most: number): string => [...text].slice(0, most).join('');
