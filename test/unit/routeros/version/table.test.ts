import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  compareRouterOsVersions,
  parseRouterOsVersion,
} from '../../../../src/api/profiles/routeros-version.ts';
import { knowledgeOf } from '../../../../src/routeros/index.ts';
import { isIn, type Span } from '../../../../src/routeros/version/span.ts';
import { MENUS, RENAMED } from '../../../../src/routeros/version/table.ts';
import { menuOf } from '../../../../src/routeros/version/vocabulary.ts';

/** What each version's own console says it has, as `VERSION.json`: not part of this repository. */
const SCHEMAS = fileURLToPath(new URL('../../../../../shared/routeros-schema/', import.meta.url));
/** The lists were taken from a CHR, which has no such thing. */
const HARDWARE_ONLY = ['/system/routerboard'];

type Schema = Record<string, Record<string, string[]>>;

interface Entry {
  menu: string;
  command: string;
  argument?: string;
  spans: Span[];
}

/** Everything the table says. */
const entries: Entry[] = Object.keys(MENUS).flatMap((menu) => {
  const read = menuOf(menu);
  return [...(read?.commands ?? [])].flatMap(([command, { span, arguments: given }]) => {
    const spans = [read?.span as Span, span];
    return [
      { menu, command, spans },
      ...[...given].map(([argument, own]) => ({ menu, command, argument, spans: [...spans, own] })),
    ];
  });
});

test('the table is written as it is read: every word has a name, every version is one', () => {
  expect(entries.length).toBeGreaterThan(500);
  for (const { menu, command, argument = 'x' } of entries)
    expect(`${menu} ${command} ${argument}`).toMatch(/^\/[a-z0-9/-]* [a-z-]+ [a-z0-9-]+$/);
  for (const { menu, names } of RENAMED)
    for (const name of names) expect(menuOf(menu)?.commands.get('set')?.arguments.has(name)).toBe(true);
});

if (existsSync(SCHEMAS)) {
  const versions = readdirSync(SCHEMAS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace('.json', ''))
    .sort((a, b) => {
      const [one, other] = [parseRouterOsVersion(a), parseRouterOsVersion(b)];
      return one && other ? compareRouterOsVersions(one, other) : 0;
    });

  test.each(versions)('what the table says of RouterOS %s is what that version says of itself', (version) => {
    const schema = JSON.parse(readFileSync(`${SCHEMAS}${version}.json`, 'utf8')) as Schema;
    const parsed = parseRouterOsVersion(version);
    if (parsed === undefined) throw new Error(version);
    const wrong: string[] = [];
    for (const { menu, command, argument, spans } of entries) {
      if (HARDWARE_ONLY.includes(menu)) continue;
      const known = schema[menu]?.[command];
      const isThere = argument === undefined ? known !== undefined : known?.includes(argument) === true;
      const isSaid = spans.every((span) => isIn(span, parsed));
      if (isThere !== isSaid)
        wrong.push(`${menu} ${command} ${argument ?? ''}: ${isSaid ? 'said' : 'not said'}`);
    }
    expect(wrong).toEqual([]);
  });

  test('a name that was replaced is gone from the reading of every version that has the new one', () => {
    for (const { menu, names } of RENAMED)
      for (const version of versions) {
        const schema = JSON.parse(readFileSync(`${SCHEMAS}${version}.json`, 'utf8')) as Schema;
        const newest = names.find((name) => schema[menu]?.set?.includes(name) === true);
        const inUse = knowledgeOf(version).renamed(menu, names.at(-1) ?? '');
        expect([version, inUse]).toEqual([version, newest ?? names.at(-1)]);
      }
  });
} else {
  test.skip(`LEFT OUT, the table against each version's own word: there are no schemas in ${SCHEMAS}`, () => {});
}
