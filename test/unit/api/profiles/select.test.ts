import fc from 'fast-check';
import { choiceOf, matchesGlob, selectProfiles } from '../../../../src/api/index.ts';
import { router } from '../../controller/fixtures.ts';
import { profile, profileSource } from './fixtures.ts';

const names = (selection: ReturnType<typeof selectProfiles>) =>
  selection.chosen.map(({ profile: { metadata }, by }) => `${metadata.namespace}/${metadata.name} ${by}`);

const ofClass = (...keys: string[]) => ({
  class: 'standard',
  profiles: keys.map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    return { namespace, name };
  }),
});

const R1 = router(
  'a/r1',
  { tenant: 'acme', profiles: ['own', 'other'] },
  { metadata: { labels: { site: 'hotel' } } },
);

test('the order is that of the class, then selectors by name, then the own order of the Router', () => {
  const profiles = profileSource(
    profile('net/hardened'),
    profile('net/base'),
    profile('a/zeta', { selector: {} }),
    profile('a/alpha', { selector: { matchLabels: { site: 'hotel' } } }),
    profile('a/own'),
    profile('a/other'),
    profile('a/unused'),
    profile('b/foreign', { selector: {} }),
  );
  const selection = selectProfiles(R1, ofClass('net/hardened', 'net/base', 'net/gone'), profiles, {});
  expect(names(selection)).toEqual([
    'net/hardened class',
    'net/base class',
    'a/alpha selector',
    'a/zeta selector',
    'a/own router',
    'a/other router',
  ]);
  expect(selection.missing).toEqual(['net/gone']);
});

test('a profile that comes twice counts where it comes last', () => {
  const profiles = profileSource(profile('a/own', { selector: {} }), profile('a/other'));
  expect(names(selectProfiles(R1, ofClass('a/own'), profiles, {}))).toEqual([
    'a/own router',
    'a/other router',
  ]);
});

test('the selector of a profile that a class names narrows it; of one that a Router names it does not', () => {
  const profiles = profileSource(
    profile('net/ax', { selector: { models: ['hAP ax*'] } }),
    profile('a/own', { selector: { models: ['hAP ax*'] } }),
    profile('a/other'),
  );
  const chosen = (model?: string) => names(selectProfiles(R1, ofClass('net/ax'), profiles, { model }));
  expect(chosen('HAP AX3')).toEqual(['net/ax class', 'a/own router', 'a/other router']);
  expect(chosen('RB4011')).toEqual(['a/own router', 'a/other router']);
  expect(chosen()).toEqual(['a/own router', 'a/other router']);
});

test.each([
  ['7.16', true],
  ['7.16.2 (stable)', true],
  ['7.15.3 (stable)', false],
  ['7.16rc1 (testing)', false],
  ['7.24beta2 (testing)', true],
  ['7.24 (stable)', false],
  ['nonsense', false],
  [undefined, false],
])('>=7.16 <7.24 holds %s: %s', (version, is) => {
  const profiles = profileSource(profile('a/v', { selector: { versions: '>=7.16 <7.24' } }));
  const plain = router('a/r2', { tenant: 'acme' });
  expect(selectProfiles(plain, undefined, profiles, { version }).chosen.length).toBe(is ? 1 : 0);
});

test('one that is being deleted is gone', () => {
  const going = profile('a/own', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  const selection = selectProfiles(R1, undefined, profileSource(going, profile('a/other')), {});
  expect([names(selection), selection.missing]).toEqual([['a/other router'], ['a/own']]);
});

const LABELS = ['x', 'y'];
const spec = fc.record(
  {
    selector: fc.record(
      {
        matchLabels: fc.dictionary(fc.constantFrom('site', 'kind'), fc.constantFrom(...LABELS), {
          maxKeys: 2,
        }),
        models: fc.array(fc.constantFrom('*', 'hAP*', 'RB?'), { minLength: 1, maxLength: 2 }),
        versions: fc.constantFrom('>=7.16', '<7.16', '=7.9'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test('asked of each profile alone, the choice is the same as of all together', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a/p', 'a/q', 'a/r', 'b/p'), spec), { maxLength: 6 }),
      fc.subarray(['p', 'q', 'none']),
      fc.subarray(['a/p', 'b/p', 'b/none']),
      fc.dictionary(fc.constantFrom('site', 'kind'), fc.constantFrom(...LABELS)),
      fc.record({
        model: fc.option(fc.constantFrom('hAP ax3', 'RB5'), { nil: undefined }),
        version: fc.option(fc.constantFrom('7.9', '7.20'), { nil: undefined }),
      }),
      (made, own, classes, labels, facts) => {
        const profiles = [...new Map(made).entries()].map(([key, of]) => profile(key, of));
        const source = profileSource(...profiles);
        const one = router('a/r1', { tenant: 'acme', profiles: own }, { metadata: { labels } });
        const all = names(selectProfiles(one, ofClass(...classes), source, facts));
        const each = profiles.flatMap((of) => {
          const choice = choiceOf(of, one, ofClass(...classes), facts);
          return choice === undefined ? [] : [`${of.metadata.namespace}/${of.metadata.name} ${choice.by}`];
        });
        expect([...each].sort()).toEqual([...all].sort());
      },
    ),
  );
});

test('a pattern says what the regular expression made of it says', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', '*', '?', '.'), maxLength: 8 });
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
      expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${expression}$`, 'i').test(text));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern made to be slow is not', () => {
  expect(matchesGlob(`${'*a'.repeat(30)}b`, 'a'.repeat(256))).toBe(false);
});
