import type { Values } from './configuration/definition.ts';
import { RouterOsTrap } from './trap.ts';

const compare = (one: string, other: string): number => {
  if (/^-?\d+$/.test(one) && /^-?\d+$/.test(other)) return Number(one) - Number(other);
  return one < other ? -1 : one > other ? 1 : 0;
};

function test(word: string, row: Values): boolean {
  const [, kind = '', name = '', value] = /^([-<>=]?)([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  const found = row[name];
  if (value === undefined) return kind === '-' ? found === undefined : found !== undefined;
  if (found === undefined) return false;
  if (kind === '<') return compare(found, value) < 0;
  if (kind === '>') return compare(found, value) > 0;
  return found === value;
}

/** `#!&|.` and indexes work on the stack of answers so far (manual, "API", section "Queries"). */
function operate(operations: string, stack: boolean[]): void {
  for (const [word] of operations.matchAll(/\d+\.?|./g)) {
    const need = word === '&' || word === '|' ? 2 : /^\d/.test(word) ? Number.parseInt(word, 10) + 1 : 1;
    if (stack.length < need) throw new RouterOsTrap('failure: bad query', 5);
    const top = stack.at(-1) ?? false;
    if (word === '!') stack.splice(-1, 1, !top);
    else if (word === '&' || word === '|') {
      const below = stack.at(-2) ?? false;
      stack.splice(-2, 2, word === '&' ? top && below : top || below);
    } else if (/^\d/.test(word)) {
      const picked = stack[Number.parseInt(word, 10)] ?? false;
      if (word.endsWith('.')) stack.length = 0;
      stack.push(picked);
    } else if (word !== '.') throw new RouterOsTrap('failure: bad query', 5);
  }
}

/**
 * Whether a row passes the query words (without their `?`): a stack machine whose answers must all be true in the
 * end. Booleans are compared as they read, `true` and `false`.
 * @throws {RouterOsTrap} for operations on too few answers.
 */
export function matches(queries: readonly string[], row: Values): boolean {
  const stack: boolean[] = [];
  for (const word of queries) {
    if (word.startsWith('#')) operate(word.slice(1), stack);
    else stack.push(test(word, row));
  }
  return stack.every(Boolean);
}
