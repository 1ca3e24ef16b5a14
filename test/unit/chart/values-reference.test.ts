import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { valuesOf, valuesReference } from '../../../deploy/values-reference.ts';
import { CHART } from './schema.ts';

test('takes a comment from above the key, also the first key of a map, over several lines', () => {
  expect(valuesOf('# The\n# first.\na: 1\nmap:\n  # Inner.\n  b: {}\n  # Last.\n  c: [1, two]\n')).toEqual([
    { path: 'a', comment: 'The first.', default: 1 },
    { path: 'map.b', comment: 'Inner.', default: {} },
    { path: 'map.c', comment: 'Last.', default: [1, 'two'] },
  ]);
});

test('takes a map without comments of its own as one value, and one with them as a heading', () => {
  expect(valuesOf('# Whole.\na:\n  b: 1\n  c: { d: x }\n# Head.\ne:\n  # Leaf.\n  f: ""\n')).toEqual([
    { path: 'a', comment: 'Whole.', default: { b: 1, c: { d: 'x' } } },
    { path: 'e', comment: 'Head.' },
    { path: 'e.f', comment: 'Leaf.', default: '' },
  ]);
});

test('shows what has no comment with none', () => {
  expect(valuesOf('a:\n  # Told.\n  b: 1\n  c: 2\n').map(({ path, comment }) => [path, comment])).toEqual([
    ['a.b', 'Told.'],
    ['a.c', ''],
  ]);
});

test('shows defaults as they are written, and has as many cells in each row', () => {
  const rows = valuesReference('# a|b\na: "|"\n# Map.\nm: { k: v }\n')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  expect(rows.slice(2)).toEqual(['| `a` | `"\\|"` | a\\|b |', '| `m` | `{ k: v }` | Map. |']);
});

test('has every default of values.yaml', () => {
  const text = readFileSync(join(CHART, 'values.yaml'), 'utf8');
  const plain = parse(text);
  for (const value of valuesOf(text)) {
    if (!('default' in value)) continue;
    const inFile = value.path.split('.').reduce((node, key) => node[key], plain);
    expect([value.path, value.default]).toEqual([value.path, inFile]);
  }
});
