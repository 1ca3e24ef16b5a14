import { mkdirSync } from 'node:fs';

/**
 * Makes a folder, for root alone, in one that is there. Not with its parents: Node tries without end to make those in a
 * folder that was deleted while it is mounted.
 */
export function ensureFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}
