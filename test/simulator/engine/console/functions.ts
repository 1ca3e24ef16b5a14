import { isIPv4 } from 'node:net';
import { readLiteral } from '../language/literal.ts';
import { bool, list, NIL, num, str, toText, type Value } from '../language/value.ts';
import { parseDuration } from '../values/duration.ts';
import { atLeast, type Version } from '../version.ts';
import { equal } from './operators.ts';

type Given = ReadonlyMap<string, Value>;

const get = (given: Given, name: string): Value => given.get(name) ?? NIL;

function pick(given: Given): Value {
  const from = get(given, 'counter');
  const begin = get(given, 'begin');
  const end = get(given, 'end');
  const start = begin.type === 'num' ? Math.max(0, begin.number) : 0;
  if (from.type === 'array') {
    if (!given.has('end')) return from.items[start]?.value ?? NIL;
    return { type: 'array', items: from.items.slice(start, end.type === 'num' ? end.number : undefined) };
  }
  const stop = !given.has('end') ? start + 1 : end.type === 'num' ? end.number : undefined;
  return str(toText(from).slice(start, stop));
}

/** `:find`: where `key` stands in a text or an array, behind `from`; nothing if nowhere. */
function find(given: Given): Value {
  const where = get(given, 'in');
  const key = get(given, 'key');
  const from = get(given, 'from');
  const start = from.type === 'num' ? from.number + 1 : 0;
  const at =
    where.type === 'array'
      ? where.items.findIndex((item, index) => index >= start && equal(item.value, key))
      : toText(where).indexOf(toText(key), start);
  return at < 0 ? NIL : num(at);
}

function toArray(value: Value): Value {
  if (value.type === 'array') return value;
  const text = toText(value);
  return list(text === '' ? [] : text.split(',').map(readLiteral));
}

function toNumber(value: Value): Value {
  if (value.type === 'num') return value;
  if (value.type === 'bool') return num(value.truth ? 1 : 0);
  if (value.type === 'time') return num(Math.floor(value.milliseconds / 1000));
  const read = readLiteral(toText(value));
  return read.type === 'num' ? read : NIL;
}

/** Words mean truth from 7.22 on, nothing before (tikoci/centrs, version floors). */
function toBool(value: Value, version: Version): Value {
  if (value.type === 'bool') return value;
  if (value.type === 'num') return bool(value.number !== 0);
  const read = readLiteral(toText(value));
  if (read.type === 'num') return bool(read.number !== 0);
  return atLeast(version, '7.22') && read.type === 'bool' ? read : NIL;
}

function toTime(value: Value): Value {
  if (value.type === 'time') return value;
  const milliseconds = parseDuration(toText(value));
  return milliseconds === undefined ? NIL : { type: 'time', milliseconds };
}

const lengthOf = (value: Value): number =>
  value.type === 'array' ? value.items.length : toText(value).length;

/** Commands of the language that only make a value of values. */
export function applyFunction(name: string, given: Given, version: Version): Value | undefined {
  const value = get(given, 'value');
  switch (name) {
    case 'len':
      return num(lengthOf(value));
    case 'typeof':
      return str(value.type);
    case 'tostr':
      return str(toText(value));
    case 'tonum':
      return toNumber(value);
    case 'toarray':
      return toArray(value);
    case 'tobool':
      return toBool(value, version);
    case 'totime':
      return toTime(value);
    case 'toip':
      return isIPv4(toText(value)) ? { type: 'ip', text: toText(value) } : NIL;
    case 'toid':
      return /^\*[0-9A-Fa-f]+$/.test(toText(value)) ? { type: 'id', text: toText(value).toUpperCase() } : NIL;
    case 'pick':
      return pick(given);
    case 'find':
      return find(given);
    case 'nothing':
      return NIL;
    default:
      return undefined;
  }
}
