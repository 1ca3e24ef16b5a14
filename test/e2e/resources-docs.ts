import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'resources.md');
const MEASURED = /(<!-- measured -->\n)[\s\S]*(<!-- \/measured -->)/;

/** Writes rows, the first the heading, into docs/resources.md where `E2E_DOCS=1` asks for it. */
export function writeResourcesIfAsked(rows: readonly (readonly string[])[]): void {
  if (process.env.E2E_DOCS !== '1') return;
  const [heading = [], ...others] = rows;
  const lines = [heading, heading.map(() => '---'), ...others].map((cells) => `| ${cells.join(' | ')} |\n`);
  const text = readFileSync(FILE, 'utf8');
  writeFileSync(
    FILE,
    text.replace(MEASURED, (_, open, close) => `${open}${lines.join('')}${close}`),
  );
}
