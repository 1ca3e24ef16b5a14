/** Files of the repository that a program writes, checked in and held to it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

export interface WrittenFiles {
  /** Path from the root of the repository → text. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories, from the root, in which there is no other YAML. */
  readonly directories: readonly string[];
}

/** What is not as written: changed, missing, or without a source. Paths from `root`. */
export function outdated(root: string, written: WrittenFiles): string[] {
  const changed = [...written.files].filter(([path, text]) => readOrEmpty(join(root, path)) !== text);
  return [...changed.map(([path]) => path), ...strays(root, written)];
}

const strays = (root: string, { files, directories }: WrittenFiles): string[] =>
  directories
    .flatMap((directory) => readdirSync(join(root, directory)).map((name) => `${directory}/${name}`))
    .filter((path) => path.endsWith('.yaml') && !files.has(path));

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The program around it. With `--check` it writes nothing, and exits with 1 when a file differs, naming it. */
export function writeOrCheck(root: string, written: WrittenFiles): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  if (values.check) {
    const differing = outdated(root, written);
    if (differing.length === 0) return;
    console.error(`Not as its source has it: ${differing.join(', ')}. Run: make generate`);
    process.exitCode = 1;
    return;
  }
  for (const [path, text] of written.files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of strays(root, written)) rmSync(join(root, path));
}
