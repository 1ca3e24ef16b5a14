import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { generatedFiles } from '../../../src/api/generate.ts';
import { customResourceDefinition, KINDS } from '../../../src/api/index.ts';
import { outdated } from '../../../src/api/written-files.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

test('the files checked in are what src/api makes; else run: make generate', () => {
  expect(outdated(REPOSITORY, generatedFiles())).toEqual([]);
});

test('a CRD file says exactly what its definition says', () => {
  const { files } = generatedFiles();
  for (const kind of KINDS) {
    const crd = customResourceDefinition(kind);
    const text = files.get(`crds/${crd.metadata.name}.yaml`);
    expect(parse(text ?? '')).toEqual(JSON.parse(JSON.stringify(crd)));
  }
});

describe('the check of generated files', () => {
  let root: string;
  const files = new Map([
    ['crds/a.yaml', 'a\n'],
    ['docs/api.md', 'text\n'],
  ]);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'generated-'));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('finds nothing where all is as generated, whatever else stands beside it', () => {
    writeFileSync(join(root, 'crds', 'README.md'), 'by hand');
    expect(outdated(root, { files, directories: ['crds'] })).toEqual([]);
  });

  test('names a file that differs, one that is missing and a CRD without a source', () => {
    writeFileSync(join(root, 'crds/a.yaml'), 'edited\n');
    rmSync(join(root, 'docs/api.md'));
    writeFileSync(join(root, 'crds/gone.yaml'), 'old\n');
    expect(outdated(root, { files, directories: ['crds'] })).toEqual([
      'crds/a.yaml',
      'docs/api.md',
      'crds/gone.yaml',
    ]);
  });
});

describe('the API reference', () => {
  const text = generatedFiles().files.get('docs/api.md') ?? '';

  test('has a row for every field, with its default or that it is required', () => {
    expect(text).toContain('| `spec.resources[].path` | string | required |');
    expect(text).toContain('| `spec.mtu` | integer 1280–9000 | `1420` |');
    expect(text).toContain('| `spec.services[].service.port` | integer 1–65535 | required |');
  });

  test('has the sentence of every rule', () => {
    for (const kind of KINDS) for (const { message } of kind.rules) expect(text).toContain(message);
    expect(text).toContain('write only one of tenant and tunnelRef: a router joins one tunnel');
  });

  test('has tables whose rows have as many cells as their heads', () => {
    for (const file of ['docs/api.md', 'docs/conditions.md']) {
      const tables = (generatedFiles().files.get(file) ?? '')
        .split('\n\n')
        .filter((part) => part.startsWith('|'));
      expect(tables.length).toBeGreaterThan(2);
      for (const table of tables) {
        const widths = table
          .trim()
          .split('\n')
          .map((line) => line.split(/(?<!\\)\|/).length);
        expect(new Set(widths).size).toBe(1);
      }
    }
  });
});
