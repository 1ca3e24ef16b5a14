import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Notes each command and argument that reaches a simulated router, once for each version: for `test/sent-commands.ts` to hold
 * against what real versions have. Off unless this names a folder.
 */
export const RECORD_TO = 'SIMULATOR_RECORD_TO';

/** How it came: text for the console, or words of the API. */
export type Way = 'script' | 'api';

/** More than all menus of a version have; what a fuzz test sends beyond is not noted. */
const MOST_LINES = 50_000;
const MOST_CHARACTERS = 100;

const folder = process.env[RECORD_TO];
const file =
  folder === undefined
    ? undefined
    : join(folder, `${process.pid}-${Math.random().toString(36).slice(2)}.txt`);
const seen = new Set<string>();

/** `isTaken`: the router knows the words, whatever becomes of the command. */
export function record(
  way: Way,
  version: string,
  menu: string,
  command: string,
  given: Iterable<string>,
  isTaken = true,
): void {
  if (file === undefined) return;
  const names = [...given].map((word) => word.replace(/^!/, '')).filter((word) => !word.startsWith('.'));
  // A refusal is of its first argument, or of the command.
  const words = isTaken || names.length === 0 ? ['', ...names] : names;
  for (const word of words) {
    const fields = [isTaken ? 'taken' : 'refused', way, version, menu, command, word];
    const line = `${fields.map((field) => field.replace(/\s/g, ' ').slice(0, MOST_CHARACTERS)).join('\t')}\n`;
    if (seen.has(line) || seen.size >= MOST_LINES) continue;
    seen.add(line);
    appendFileSync(file, line);
  }
}
