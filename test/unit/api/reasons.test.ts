import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONDITION_REASONS, CONDITION_TYPES, EVENT_REASONS, ROW_REASONS } from '../../../src/api/index.ts';
import type {
  ConditionReasonDocument,
  EventReasonDocument,
  ReasonDocument,
} from '../../../src/api/reasons/index.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', 'src');
const TABLES = 'api/reasons/';

const types = new Map<string, ReasonDocument>(Object.entries(CONDITION_TYPES));
const reasons = Object.entries<ConditionReasonDocument>(CONDITION_REASONS);
const events = Object.entries<EventReasonDocument>(EVENT_REASONS);

test.each([...reasons, ...events])(
  'reason %s is one word, explained in sentences',
  (reason, { meaning, remedy }) => {
    expect(reason).toMatch(/^[A-Z][A-Za-z]{1,63}$/);
    expect(meaning).toMatch(/^\S.*\.$/);
    if (remedy !== undefined) expect(remedy).toMatch(/^[A-Z].*\.$/);
  },
);

test.each(reasons)(
  'reason %s stands only on conditions that its kinds have',
  (_reason, { on, conditions }) => {
    expect(on).not.toEqual([]);
    expect(conditions).not.toEqual([]);
    for (const kind of on) {
      const known = conditions.filter((type) => types.get(type)?.on.includes(kind));
      expect(known).not.toEqual([]);
    }
  },
);

test('every Event that warns says what to do', () => {
  const without = events.filter(([, { type, remedy }]) => type === 'Warning' && remedy === undefined);
  expect(without.map(([reason]) => reason)).toEqual([]);
});

test('no reason of a condition stands in two tables', () => {
  const folder = join(ROOT, TABLES);
  const all = readdirSync(folder)
    .filter((file) => !['events.ts', 'rows.ts', 'condition-types.ts'].includes(file))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/^ {2}\w+(?=: \{$)/gm) ?? []);
  expect(all).toHaveLength(reasons.length);
});

describe('the tables and the code', () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      /^(controller|gateway|allocation|wireguard|routeros|api)\/.*\.ts$/.test(path) &&
      !path.startsWith(TABLES),
  );
  const code = files.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n');

  test.each([...new Set([...reasons, ...events].map(([reason]) => reason))])(
    'reason %s is used',
    (reason) => {
      expect(code).toContain(`'${reason}'`);
    },
  );

  test('name the same reasons: none is used that no table explains', () => {
    const used = [...code.matchAll(/\breason: '([A-Za-z]+)'/g)].map(([, reason]) => String(reason));
    // FieldValue… are the API server's own, in the rules of the CRDs.
    const ours = used.filter((reason) => !reason.startsWith('FieldValue'));
    expect(ours.length).toBeGreaterThan(20);
    const known = { ...CONDITION_REASONS, ...EVENT_REASONS, ...ROW_REASONS };
    expect(ours.filter((reason) => !(reason in known))).toEqual([]);
  });

  test.each(Object.entries(ROW_REASONS))(
    'reason %s of a row is used, and docs/profiles.md explains it',
    (reason, meaning) => {
      expect(code).toContain(`'${reason}'`);
      expect(readFileSync(join(ROOT, '..', 'docs', 'profiles.md'), 'utf8')).toContain(
        `| ${reason} | ${meaning} |`,
      );
    },
  );
});
