import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What .dockerignore lets through, and the recipe itself. */
const INPUTS = [
  'Dockerfile',
  '.dockerignore',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'src',
  'deploy/image',
];

/** 16 hexadecimal digits that differ where an image built from this tree may differ. */
export function hashOfContext(context: string): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const full = join(context, path);
    const stat = statSync(full);
    if (stat.isDirectory()) {
      for (const entry of readdirSync(full).sort()) add(join(path, entry));
      return;
    }
    hash.update(`${path}\0${stat.size}\0`).update(readFileSync(full));
  };
  for (const path of INPUTS) add(path);
  return hash.digest('hex').slice(0, 16);
}
