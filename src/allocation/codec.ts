import { isSubnet6 } from '../api/index.ts';
import type { AddressEntry, Block } from './block.ts';
import { inOrder } from './credentials.ts';
import type { Revised } from './document.ts';
import { AllocationError, NewerFormat } from './errors.ts';
import { BLOCK_ADDRESSES } from './geometry.ts';
import { parseNetwork } from './ipv4.ts';
import type { TunnelEntry, Tunnels } from './tunnel-entry.ts';

/**
 * The ledger's objects as string maps (the data of a Secret).
 *
 * The tunnels: one key a tunnel, `N.TENANT`, so that a value edited into nonsense still says which number and tenant
 * it belongs to. A block: one key, {@link BLOCK_KEY}. Both carry {@link FORMAT_KEY}, of which a newer one than this
 * program's is never written over, and {@link REVISION_KEY}.
 */
export type Data = Readonly<Record<string, string>>;

export const FORMAT_KEY = 'format';
const FORMAT = 1;
/** How often the document has changed. A store may keep it beside the data: programs that do not count ignore it. */
export const REVISION_KEY = 'revision';
const BLOCK_KEY = 'block.json';

export interface DecodedTunnels extends Revised {
  tunnels: Tunnels;
  /** Tunnels whose record cannot be read, with the reason: their numbers and tenants stay taken. */
  unreadable: ReadonlyMap<number, { tenant: string; reason: string; raw: string }>;
}

export function encodeTunnels({ tunnels, unreadable, revision }: DecodedTunnels): Data {
  const data = header(revision);
  for (const entry of tunnels.values()) {
    const { index, tenant, ...record } = entry;
    const { owner, className, subnet, listenPort, privateKey, publicKey, ...more } = record;
    const { releasedAt, isWritten, keyLostAt, subnet6, subnet6At } = more;
    const dated = { releasedAt, isWritten, keyLostAt, subnet6, subnet6At };
    const ordered = { owner, className, subnet, listenPort, privateKey, publicKey };
    data[`${index}.${tenant}`] = JSON.stringify({ ...ordered, ...dated });
  }
  for (const [index, { tenant, raw }] of unreadable) data[`${index}.${tenant}`] = raw;
  return data;
}

export function decodeTunnels(data: Data): DecodedTunnels {
  assertFormat(data);
  const tunnels = new Map<number, TunnelEntry>();
  const unreadable = new Map<number, { tenant: string; reason: string; raw: string }>();
  for (const [key, raw] of Object.entries(data)) {
    if (key === FORMAT_KEY || key === REVISION_KEY) continue;
    const match = /^(\d{1,5})\.(.+)$/.exec(key);
    if (match === null) throw unreadableError(`key "${key}" is not of the form NUMBER.TENANT`);
    const [index, tenant] = [Number(match[1]), String(match[2])];
    try {
      tunnels.set(index, tunnelFrom(index, tenant, JSON.parse(raw)));
    } catch (error) {
      unreadable.set(index, { tenant, raw, reason: reasonOf(error) });
    }
  }
  return { tunnels, unreadable, ...revisionOf(data) };
}

export function encodeBlock(block: Block): Data {
  const entries = [...block.entries.values()].sort((a, b) => a.offset - b.offset).map(entryInOrder);
  return { ...header(block.revision), [BLOCK_KEY]: JSON.stringify(entries) };
}

/**
 * Of a key that the router made itself. A program from before there were such would give a router without a private key another
 * one; not where it is told that only the router has it.
 */
const forOlderPrograms = ({ access, releasedAt, recovered }: AddressEntry) => ({
  at: recovered?.at ?? access?.used ?? releasedAt ?? new Date(0).toISOString(),
  keyLost: true,
  isNone: recovered === undefined ? true : undefined,
});

// Always the same text for the same entry, whoever built it: an object written again from memory is the one it was.
function entryInOrder(entry: AddressEntry) {
  const { offset, owner, publicKey, privateKey, presharedKey, access, releasedAt } = entry;
  const { recovered, isSettled, renewed, rotated, isOwnKey, nextPublicKey } = entry;
  return {
    offset,
    owner,
    publicKey,
    privateKey,
    presharedKey,
    access: access && inOrder(access),
    releasedAt,
    recovered: isOwnKey
      ? forOlderPrograms(entry)
      : recovered && {
          at: recovered.at,
          keyLost: recovered.keyLost,
          keyIsNew: recovered.keyIsNew,
        },
    isSettled,
    renewed,
    rotated,
    isOwnKey,
    nextPublicKey,
  };
}

export function decodeBlock(tunnel: number, number: number, data: Data): Block {
  assertFormat(data);
  try {
    const list: unknown = JSON.parse(data[BLOCK_KEY] ?? '');
    if (!Array.isArray(list) || list.length > BLOCK_ADDRESSES)
      throw new Error('not a list of at most 256 routers');
    const entries = new Map(list.map(addressFrom).map((entry) => [entry.offset, entry]));
    if (entries.size !== list.length) throw new Error('one address stands in it twice');
    return { tunnel, number, entries, ...revisionOf(data) };
  } catch (error) {
    throw unreadableError(reasonOf(error));
  }
}

function tunnelFrom(index: number, tenant: string, value: unknown): TunnelEntry {
  const record = objectFrom(value);
  const subnet = text(record, 'subnet');
  parseNetwork(subnet);
  return {
    index,
    tenant,
    owner: ownerOf(record),
    className: text(record, 'className'),
    subnet,
    listenPort: integer(record, 'listenPort', 1, 65_535),
    privateKey: key(record, 'privateKey'),
    publicKey: key(record, 'publicKey'),
    ...optional(record, 'releasedAt', time),
    ...flag(record, 'isWritten'),
    ...optional(record, 'keyLostAt', time),
    ...optional(record, 'subnet6', subnet6),
    ...optional(record, 'subnet6At', time),
  };
}

function addressFrom(value: unknown): AddressEntry {
  const record = objectFrom(value);
  return {
    offset: integer(record, 'offset', 0, BLOCK_ADDRESSES - 1),
    owner: ownerOf(record),
    publicKey: key(record, 'publicKey'),
    ...optional(record, 'privateKey', key),
    ...optional(record, 'presharedKey', key),
    ...optional(record, 'access', (parent, name) => {
      const access = objectFrom(parent[name]);
      return {
        user: text(access, 'user'),
        password: text(access, 'password'),
        apiPort: integer(access, 'apiPort', 1, 65_535),
        ...optional(access, 'next', text),
        ...optional(access, 'revision', (fields, field) =>
          integer(fields, field, 0, Number.MAX_SAFE_INTEGER - 2),
        ),
        ...optional(access, 'used', time),
        ...optional(access, 'changed', time),
        ...flag(access, 'due'),
      };
    }),
    ...optional(record, 'releasedAt', time),
    ...recoveredIn(record),
    ...flag(record, 'isSettled'),
    ...optional(record, 'renewed', text),
    ...optional(record, 'rotated', text),
    ...flag(record, 'isOwnKey'),
    ...optional(record, 'nextPublicKey', key),
  };
}

function recoveredIn(record: Fields): Pick<AddressEntry, 'recovered'> {
  if (record.recovered === undefined) return {};
  const recovered = objectFrom(record.recovered);
  if (record.isOwnKey === true && recovered.isNone === true) return {};
  const at = time(recovered, 'at');
  const lost = record.isOwnKey === true ? {} : flag(recovered, 'keyLost');
  return { recovered: { at, ...lost, ...flag(recovered, 'keyIsNew') } };
}

type Fields = Record<string, unknown>;

const flag = <K extends string>(record: Fields, name: K): { [P in K]?: true } =>
  (record[name] === true ? { [name]: true } : {}) as { [P in K]?: true };

function optional<K extends string, V>(record: Fields, name: K, read: (record: Fields, name: K) => V) {
  return (record[name] === undefined ? {} : { [name]: read(record, name) }) as { [P in K]?: V };
}

function objectFrom(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('a record is no object');
  return value as Fields;
}

// The reasons name the field and never the value: it may be a key.
function text(record: Fields, name: string): string {
  const value = record[name];
  if (typeof value !== 'string' || value === '' || value.length > 512) throw new Error(`${name} is no text`);
  return value;
}

function key(record: Fields, name: string): string {
  const value = text(record, name);
  // 32 bytes in their one spelling: what is not cannot be handed over, and would hold up its whole block.
  if (!/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value)) throw new Error(`${name} is no WireGuard key`);
  return value;
}

function ownerOf(record: Fields): string {
  const value = text(record, 'owner');
  if (!/^[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9.-]{0,252}$/.test(value)) {
    throw new Error('owner is no namespace/name');
  }
  return value;
}

function subnet6(record: Fields, name: string): string {
  const value = text(record, name);
  if (!isSubnet6(value)) throw new Error(`${name} is no /64 of a tunnel`);
  return value;
}

function time(record: Fields, name: string): string {
  const value = text(record, name);
  if (Number.isNaN(Date.parse(value))) throw new Error(`${name} is no time`);
  return value;
}

function integer(record: Fields, name: string, min: number, max: number): number {
  const value = record[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} is no number from ${min} to ${max}`);
  }
  return value;
}

function assertFormat({ [FORMAT_KEY]: format = '' }: Data): void {
  if (format === String(FORMAT)) return;
  if (/^[1-9]\d{0,8}$/.test(format) && Number(format) > FORMAT) throw new NewerFormat(format, FORMAT);
  throw unreadableError(`its format is "${format.slice(0, 20)}" and this program knows ${FORMAT}`);
}

function header(revision: number | undefined): Record<string, string> {
  return { [FORMAT_KEY]: String(FORMAT), ...(revision && { [REVISION_KEY]: String(revision) }) };
}

function revisionOf({ [REVISION_KEY]: text = '' }: Data): Revised {
  return /^\d{1,15}$/.test(text) ? { revision: Number(text) } : {};
}

const unreadableError = (reason: string): AllocationError => new AllocationError('LedgerUnreadable', reason);

// JSON.parse quotes the text it failed on, which may hold a key.
const reasonOf = (error: unknown): string =>
  error instanceof SyntaxError
    ? 'it is not JSON'
    : error instanceof Error
      ? error.message
      : 'it cannot be read';
