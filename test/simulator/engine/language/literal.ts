import { isIPv4, isIPv6 } from 'node:net';
import { parsePrefix } from '../values/address.ts';
import { parseDuration } from '../values/duration.ts';
import { bool, num, str, type Value } from './value.ts';

/** What an unquoted word means: a number, truth, address, prefix, time, item id, else text. */
export function readLiteral(word: string): Value {
  if (/^-?\d{1,18}$/.test(word)) return num(Number(word));
  if (/^0x[0-9A-Fa-f]{1,12}$/.test(word)) return num(Number.parseInt(word, 16));
  if (word === 'true' || word === 'yes') return bool(true);
  if (word === 'false' || word === 'no') return bool(false);
  if (/^\*[0-9A-Fa-f]+$/.test(word)) return { type: 'id', text: word.toUpperCase() };
  if (isIPv4(word)) return { type: 'ip', text: word };
  if (isIPv6(word)) return { type: 'ip6', text: word };
  if (word.includes('/')) {
    const prefix = parsePrefix(word);
    if (prefix) return { type: prefix.family === 4 ? 'ip-prefix' : 'ip6-prefix', text: word };
  }
  if (/^(\d+(ms|[wdhms]))+$|^\d+:\d\d(:\d\d(\.\d+)?)?$/.test(word)) {
    const milliseconds = parseDuration(word);
    if (milliseconds !== undefined) return { type: 'time', milliseconds };
  }
  return str(word);
}
