import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartProfiles } from '../../../deploy/chart-profiles.ts';
import type { RouterProfile } from '../../../src/api/index.ts';
import { outdated } from '../../../src/api/written-files.ts';
import { CHART } from './schema.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const FOLDER = join(CHART, 'profiles');
const names = readdirSync(FOLDER).map((file) => file.replace('.yaml', ''));
const profiles = names.map((name): [string, RouterProfile] => [
  name,
  parse(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')) as RouterProfile,
]);
const { namespace, secretNamespaces, ...given } = parse(
  readFileSync(join(CHART, 'values.yaml'), 'utf8'),
).profiles;

test('the chart has the profiles of examples/profiles; else run: make generate', () => {
  expect(outdated(REPOSITORY, chartProfiles())).toEqual([]);
});

test.each(profiles)('%s can be switched on, and is off', (name, { metadata, kind }) => {
  expect([kind, metadata.name]).toEqual(['RouterProfile', name]);
  expect(given[name].enabled).toBe(false);
});

test.each(profiles)('each setting of %s is a value of the chart, with the same default', (name, { spec }) => {
  const settings = (spec.values ?? []).flatMap(({ name, value }) =>
    value === undefined ? [] : [[name, value]],
  );
  const { enabled: _, ...values } = given[name];
  expect(values).toEqual(Object.fromEntries(settings));
});

test('there are no others', () => {
  expect(Object.keys(given).sort()).toEqual(names.sort());
});
