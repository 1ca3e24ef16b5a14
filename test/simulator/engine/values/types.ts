import { isIPv4 } from 'node:net';
import { RouterOsTrap } from '../trap.ts';
import { canonicalPrefix, ipv4ToNumber, networkOf, parsePrefix } from './address.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { isKey } from './key.ts';

/** What the console makes of a property's value: decides `:typeof`, comparison and printing. */
type ReadAs = 'str' | 'num' | 'bool' | 'ip' | 'ip-prefix' | 'time' | 'array' | 'id';

/** A property's type: checks what is written and turns it into what is read. */
export interface ValueType {
  readAs: ReadAs;
  /**
   * The canonical text of `text`.
   * @throws {RouterOsTrap} category 1, in RouterOS's words, naming the property.
   */
  normalise(text: string, property: string): string;
}

const invalid = (message: string): never => {
  throw new RouterOsTrap(message, 1);
};

const type = (readAs: ReadAs, normalise: ValueType['normalise']): ValueType => ({ readAs, normalise });

/** The prefix must be clear of what RouterOS strings cannot hold: nothing; but the console cuts at NUL. */
export const text = type('str', (value, property) =>
  value.includes('\0') ? invalid(`invalid value for argument ${property}`) : value,
);

/** A name that may not be empty (`/interface` names; "value of name" texts differ by menu: unsure). */
export const name = type('str', (value, property) =>
  value === '' || value.includes('\0') ? invalid(`invalid value for argument ${property}`) : value,
);

/** 1–64 characters: `/system/identity` (vrnetlab#496 names the limit). */
export const identity = type('str', (value, property) =>
  value.length > 64 ? invalid(`value of ${property} is too long`) : value,
);

export const bool = type('bool', (value, property) => {
  if (value === 'yes' || value === 'true') return 'true';
  if (value === 'no' || value === 'false') return 'false';
  return invalid(`input does not match any value of ${property}`);
});

/** A whole number within bounds; the texts are those a 7.23 router gives for mtu (tik4net's tests). */
export function integer(least: number, most: number): ValueType {
  return type('num', (value, property) => {
    const digits = /^\d+/.exec(value)?.[0];
    if (digits === undefined) return invalid(`invalid value for argument ${property}`);
    if (digits !== value) return invalid(`value of ${property} contains invalid trailing characters`);
    const number = Number(value);
    if (number < least || number > most)
      return invalid(`value of ${property} out of range (${least}..${most})`);
    return String(number);
  });
}

/** A number or one of some words (`mtu=auto`). */
export function integerOr(words: readonly string[], least: number, most: number): ValueType {
  const number = integer(least, most);
  return type('str', (value, property) =>
    words.includes(value) ? value : number.normalise(value, property),
  );
}

export const time = type('time', (value, property) => {
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined) return invalid(`invalid time value for argument ${property}`);
  return formatDuration(milliseconds);
});

export function oneOf(...words: string[]): ValueType {
  return type('str', (value, property) =>
    words.includes(value) ? value : invalid(`input does not match any value of ${property}`),
  );
}

/** One of some words, perhaps behind `!`. */
export function notOneOf(...words: string[]): ValueType {
  return type('str', (value, property) =>
    words.includes(value.replace(/^!/, ''))
      ? value
      : invalid(`input does not match any value of ${property}`),
  );
}

/** Words joined by commas, read back in the table's order, doubles dropped; `!` before all where `negate`. */
export function setOf(words: readonly string[], negate = false): ValueType {
  return type('array', (value, property) => {
    const bare = negate ? value.replace(/^!/, '') : value;
    const given = bare === '' ? [] : bare.split(',');
    if (given.some((word) => !words.includes(word))) {
      return invalid(`input does not match any value of ${property}`);
    }
    return (bare === value ? '' : '!') + words.filter((word) => given.includes(word)).join(',');
  });
}

/** Lists of `item`, joined by commas. */
export function listOf(item: ValueType): ValueType {
  return type('array', (value, property) =>
    value === ''
      ? ''
      : value
          .split(',')
          .map((part) => item.normalise(part, property))
          .join(','),
  );
}

const badAddress = (property: string): never => invalid(`invalid value for argument ${property}`);

/** An IPv4 or IPv6 prefix, host bits cleared, always read with its length. */
export const prefix = type('ip-prefix', (value, property) => {
  const parsed = parsePrefix(value);
  return parsed ? canonicalPrefix(parsed) : badAddress(property);
});

export const ipv4 = type('ip', (value, property) => (isIPv4(value) ? value : badAddress(property)));

/** `/ip/address`: an IPv4 address that keeps its host bits; without a length /32. */
export const interfaceAddress = type('str', (value, property) => {
  const parsed = parsePrefix(value);
  return parsed?.family === 4 ? `${parsed.address}/${parsed.length}` : badAddress(property);
});

/** The same of `/ipv6/address`; without a length /64. */
export const interfaceAddress6 = type('str', (value, property) => {
  const parsed = parsePrefix(value.includes('/') ? value : `${value}/64`);
  return parsed?.family === 6 ? `${parsed.address}/${parsed.length}` : badAddress(property);
});

/** An IP address or a name that DNS could know; empty takes it away. */
export const host = type('str', (value, property) => {
  if (value === '' || parsePrefix(value)?.length === (isIPv4(value) ? 32 : 128)) return value;
  const dns =
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;
  return dns.test(value) && !/^[\d.]+$/.test(value) && !value.includes('/') ? value : badAddress(property);
});

/** A firewall's address: one, a prefix or a range, perhaps behind `!`; a /32 reads without its length. */
export const match4 = type('str', (value, property) => {
  const not = value.startsWith('!') ? '!' : '';
  const bare = value.slice(not.length);
  const [from = '', to, more] = bare.split('-');
  if (to !== undefined) {
    if (more !== undefined || !isIPv4(from) || !isIPv4(to) || ipv4ToNumber(from) > ipv4ToNumber(to)) {
      return badAddress(property);
    }
    return value;
  }
  const parsed = parsePrefix(bare);
  if (parsed?.family !== 4) return badAddress(property);
  return not + (parsed.length === 32 ? parsed.address : `${networkOf(parsed)}/${parsed.length}`);
});

/** Ports and port ranges joined by commas, perhaps behind `!`. */
export const ports = type('str', (value, property) => {
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/;
  for (const part of value.replace(/^!/, '').split(',')) {
    const [, low, high = low] = range.exec(part) ?? [];
    if (low === undefined) return invalid(`value of ${property} expects range of integer numbers`);
    if (Number(low) > Number(high) || Number(high) > 65535) {
      return invalid(`value of ${property} out of range (0..65535)`);
    }
  }
  return value;
});

/** A WireGuard key; empty is refused where the menu needs one. */
export const key = type('str', (value, property) =>
  value === '' || isKey(value) ? value : invalid(`failure: invalid ${property.replace('-', ' ')}`),
);

/** The same for IPv6, without ranges. */
export const match6 = type('str', (value, property) => {
  const not = value.startsWith('!') ? '!' : '';
  const parsed = parsePrefix(value.slice(not.length));
  if (parsed?.family !== 6) return badAddress(property);
  return not + canonicalPrefix(parsed);
});
