import { isIPv4, isIPv6 } from 'node:net';
import { RouterOsTrap } from '../trap.ts';
import { ipv4ToNumber, parsePrefix } from './address.ts';
import { integer, prefix, time, type ValueType } from './types.ts';

const invalid = (property: string): never => {
  throw new RouterOsTrap(`invalid value for argument ${property}`, 1);
};

const type = (readAs: ValueType['readAs'], normalise: ValueType['normalise']): ValueType => ({
  readAs,
  normalise,
});

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** Bits a second: `10M` reads 10000000 over the API (terraform-provider-routeros, its test of max-limit). */
const rate = type('num', (value, property) => {
  const [, digits, unit = ''] = /^(\d{1,12})([kMG]?)$/.exec(value) ?? [];
  return digits === undefined ? invalid(property) : String(Number(digits) * (UNITS[unit] ?? 1));
});

/** Up and down, joined by `/`; one alone is for both. */
export function pairOf(item: ValueType): ValueType {
  return type('str', (value, property) => {
    const [up = '', down = up, more] = value.split('/');
    if (more !== undefined) return invalid(property);
    return `${item.normalise(up, property)}/${item.normalise(down, property)}`;
  });
}

export const rates = pairOf(rate);
export const priorities = pairOf(integer(1, 8));
export const times = pairOf(time);
export const ratios = pairOf(
  type('str', (value, property) => (/^\d{1,2}(\.\d{1,3})?$/.test(value) ? value : invalid(property))),
);

/** A duration or one of some words (`idle-timeout=none`). */
export function timeOr(...words: string[]): ValueType {
  return type('str', (value, property) => (words.includes(value) ? value : time.normalise(value, property)));
}

/** Kibibytes; reads with its unit (`2048KiB`), is written with it or without. */
export const kibibytes = type('str', (value, property) => {
  const [, digits] = /^(\d{1,9})(?:KiB)?$/.exec(value) ?? [];
  return digits === undefined ? invalid(property) : `${Number(digits)}KiB`;
});

/** One IPv4 or IPv6 address. */
export const address = type('str', (value, property) =>
  isIPv4(value) || isIPv6(value) ? value : invalid(property),
);

/** Addresses of a pool: `10.5.50.2-10.5.50.254`, single ones and prefixes, joined by commas. */
export const poolRanges = type('str', (value, property) => {
  for (const part of value.split(',')) {
    const [from = '', to, more] = part.split('-');
    const isRange =
      to !== undefined &&
      more === undefined &&
      isIPv4(from) &&
      isIPv4(to) &&
      ipv4ToNumber(from) <= ipv4ToNumber(to);
    if (!isRange && (to !== undefined || parsePrefix(from)?.family !== 4)) return invalid(property);
  }
  return value;
});

/** Words joined by commas, each perhaps behind `!`, in the order that they were written in. */
export function negatableWords(words: readonly string[]): ValueType {
  return type('array', (value, property) => {
    const given = value === '' ? [] : value.split(',');
    if (given.some((word) => !words.includes(word.replace(/^!/, '')))) {
      throw new RouterOsTrap(`input does not match any value of ${property}`, 1);
    }
    return value;
  });
}

/** Prefixes and names of something else, joined by commas; what is no prefix is left as it is. */
export const prefixesOrNames = type('array', (value, property) =>
  value
    .split(',')
    .map((part) => {
      if (part === '') return invalid(property);
      return parsePrefix(part) === undefined ? part : prefix.normalise(part, property);
    })
    .join(','),
);
