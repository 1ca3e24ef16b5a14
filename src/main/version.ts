import { readFileSync } from 'node:fs';

/** Of package.json, which lies two folders up from both src/main and dist/main. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
