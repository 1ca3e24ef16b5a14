import { RouterOsError } from '../errors.ts';
import { bytesOf } from '../text.ts';

/** What a command may carry, before it is words. */
export interface ApiCommand {
  /** E.g. `/system/identity/print`. */
  path: string;
  /** Booleans are written yes/no. */
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Query words without the `?`, e.g. `name=ether1`, `#|`. */
  queries?: readonly string[];
  /** Property names: the router returns these alone, which saves it the slow ones. */
  proplist?: readonly string[];
}

const PATH = /^(\/[A-Za-z0-9][A-Za-z0-9-]*)+$/;
const ATTRIBUTE = /^[.!]?[A-Za-z0-9][A-Za-z0-9.-]*$/;
const RAW_WORD = /^[=?]/;

/**
 * The words of a command. No value can become a name, a query or a word of its own: names are checked, and a value
 * stands after the second `=`. Throws `InvalidRequest`; its text names the part at fault and no value.
 */
export function wordsOf(command: ApiCommand | readonly string[]): string[] {
  if (isWords(command)) {
    const [path = '', ...rest] = command;
    checkPath(path);
    const wrong = rest.findIndex((word) => !RAW_WORD.test(word));
    if (wrong >= 0) throw invalid(`word ${wrong + 1} of ${path} starts with neither = nor ?`);
    return [...command];
  }
  const { path, attributes = {}, queries = [], proplist } = command;
  checkPath(path);
  const words = [path];
  for (const [name, value] of Object.entries(attributes)) {
    if (!ATTRIBUTE.test(name)) throw invalid(`an attribute of ${path} has a name that RouterOS cannot have`);
    words.push(`=${name}=${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`);
  }
  if (proplist !== undefined) {
    if (!proplist.every((name) => ATTRIBUTE.test(name)))
      throw invalid(`the proplist of ${path} has a name that RouterOS cannot have`);
    words.push(`=.proplist=${proplist.join(',')}`);
  }
  for (const query of queries) words.push(`?${query}`);
  return words;
}

/** A sentence as bytes: each word after its length, and a word of length zero. Words may not be empty. */
export function encodeSentence(words: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const word of words) {
    const bytes = bytesOf(word);
    if (bytes.length === 0) throw invalid('a word is empty, which would end the sentence');
    parts.push(encodeLength(bytes.length), bytes);
  }
  parts.push(Buffer.of(0));
  return Buffer.concat(parts);
}

/** MikroTik manual, API, "API words": 1 to 5 bytes, most significant first, the form told by the leading bits. */
export function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x4000) return Buffer.of(0x80 | (length >>> 8), length & 0xff);
  if (length < 0x20_0000) return Buffer.of(0xc0 | (length >>> 16), (length >>> 8) & 0xff, length & 0xff);
  const whole = Buffer.alloc(4);
  if (length < 0x1000_0000) {
    whole.writeUInt32BE((length | 0xe000_0000) >>> 0);
    return whole;
  }
  whole.writeUInt32BE(length);
  return Buffer.concat([Buffer.of(0xf0), whole]);
}

function isWords(command: ApiCommand | readonly string[]): command is readonly string[] {
  return Array.isArray(command);
}

function checkPath(path: string): void {
  if (!PATH.test(path)) throw invalid('the command is not a path such as /system/identity/print');
}

const invalid = (what: string): RouterOsError =>
  new RouterOsError('InvalidRequest', `This is no request for the RouterOS API: ${what}.`);
