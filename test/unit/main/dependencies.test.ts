import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version: string; optionalDependencies?: Record<string, string> }>;
};
const sections = new Map(
  read('docs/dependencies.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), rows(section)]),
);

/** First and second cell of each row of a section's table. */
function rows(section: string): [name: string, version: string][] {
  return section
    .split('\n')
    .filter((line) => /^\| (?!---|package)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, name = '', version = '']) => [name, version.split(',')[0] ?? '']);
}

test.each([
  ['dependencies', 'In the program'],
  ['devDependencies', 'In tests and while developing'],
] as const)('docs/dependencies.md has a line for each of the %s, and for no other', (kind, section) => {
  const names = Object.keys(manifest[kind]).sort();
  expect((sections.get(section) ?? []).map(([name]) => name).sort()).toEqual(names);
});

test('docs/dependencies.md names the versions that are installed', () => {
  const written = [...sections].filter(([title]) => title.startsWith('In ')).flatMap(([, lines]) => lines);
  const installed = written.map(([name]) => [name, lock.packages[`node_modules/${name}`]?.version]);
  expect(written).toEqual(installed);
});

test('the lock file has an entry for each optional package of each platform, or npm ci fails elsewhere', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});
