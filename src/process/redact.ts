import { stdSerializers } from 'pino';

/** Keys whose values never reach a log, at any depth, whatever their spelling (`private_key`, `PrivateKey`, …). */
const SECRET_KEYS = new Set([
  'privatekey',
  'presharedkey',
  'password',
  'passphrase',
  'script',
  'token',
  'authorization',
]);
const CENSORED = '[redacted]';
const MAX_DEPTH = 8;
/** A log line is for people: of a longer list or object only this many entries are kept. */
const MAX_ENTRIES = 100;

const isSecretKey = (key: string): boolean => SECRET_KEYS.has(key.replaceAll(/[-_]/g, '').toLowerCase());

/**
 * A copy of what goes into a log line, without the values of keys that name secrets, bounded in depth and breadth,
 * errors spelt out. The second line of defence: the first is not to log them.
 */
export function redact(fields: object): Record<string, unknown> {
  return copy(fields, MAX_DEPTH) as Record<string, unknown>;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deeper]';
  if (value instanceof Error) return copy(stdSerializers.err(value), depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value].slice(0, MAX_ENTRIES).map((item) => copy(item, depth - 1));
    const all = Array.isArray(value) ? value.length : value.size;
    return all > MAX_ENTRIES ? [...items, `[${all - MAX_ENTRIES} more]`] : items;
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const kept = entries
    .slice(0, MAX_ENTRIES)
    .map(([key, item]) => [String(key), isSecretKey(String(key)) ? CENSORED : copy(item, depth - 1)]);
  if (entries.length > MAX_ENTRIES) kept.push(['…', `[${entries.length - MAX_ENTRIES} more]`]);
  return Object.fromEntries(kept);
}
