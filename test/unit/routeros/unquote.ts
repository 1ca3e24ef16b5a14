/**
 * Reads RouterOS script text the way the console's lexer does, on its own terms: written from the manual's rules and
 * not from our quoting, so that one can be held against the other.
 */
export interface Lexed {
  /** The script with every string literal replaced by `""`. */
  skeleton: string;
  /** What the literals mean, as bytes read as UTF-8, in order. */
  literals: string[];
}

const SIMPLE: Record<string, number> = {
  '"': 0x22,
  '\\': 0x5c,
  $: 0x24,
  '?': 0x3f,
  _: 0x20,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  v: 0x0b,
};

/** Throws on what the console would refuse or act upon: an unknown escape, a variable, a control character. */
export function lex(script: string): Lexed {
  let skeleton = '';
  const literals: string[] = [];
  let index = 0;
  while (index < script.length) {
    const character = script[index] ?? '';
    if (character !== '"') {
      skeleton += character;
      index += 1;
      continue;
    }
    const bytes: number[] = [];
    index += 1;
    for (;;) {
      const inside = script[index];
      if (inside === undefined) throw new Error('a string that does not end');
      if (inside === '"') break;
      if (inside === '$') throw new Error('a variable inside a string');
      if (inside < ' ' || inside > '~')
        throw new Error(`a raw character ${inside.charCodeAt(0)} inside a string`);
      if (inside !== '\\') {
        bytes.push(inside.charCodeAt(0));
        index += 1;
        continue;
      }
      const hex = /^[0-9A-F]{2}/.exec(script.slice(index + 1, index + 3))?.[0];
      const simple = SIMPLE[script[index + 1] ?? ''];
      if (hex !== undefined) {
        bytes.push(Number.parseInt(hex, 16));
        index += 3;
      } else if (simple !== undefined) {
        bytes.push(simple);
        index += 2;
      } else throw new Error(`an unknown escape \\${script[index + 1]}`);
    }
    index += 1;
    skeleton += '""';
    literals.push(Buffer.from(bytes).toString('utf8'));
  }
  return { skeleton, literals };
}
