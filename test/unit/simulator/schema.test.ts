import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writable } from '../../simulator/engine/configuration/read.ts';
import { LANGUAGE } from '../../simulator/engine/language/vocabulary.ts';
import { menusOf } from '../../simulator/engine/menus/index.ts';
import { inSpan, parseVersion } from '../../simulator/engine/version.ts';
import { VERSIONS } from './routers.ts';

/** What each version's console listed about itself: menu → command → arguments. Kept outside of the repository. */
const FOLDER = fileURLToPath(new URL('../../../../shared/routeros-schema/', import.meta.url));
const isThere = existsSync(FOLDER);

type Schema = Record<string, Record<string, string[]>>;
const schemaOf = (version: string): Schema =>
  JSON.parse(readFileSync(`${FOLDER}${version}.json`, 'utf8')) as Schema;

/** The lists were taken from a CHR, which lacks this menu. */
const HARDWARE_ONLY = ['/system/routerboard'];

const describeEach = describe.each(VERSIONS);
if (isThere)
  describeEach('every menu, command and argument of %s is one of its own', (version) => {
    const parsed = parseVersion(version);
    const schema = schemaOf(version);

    test('menus', () => {
      const unknown: string[] = [];
      for (const menu of menusOf(parsed, 'hAP ax2').values()) {
        if (HARDWARE_ONLY.includes(menu.path)) continue;
        const isParent = Object.keys(schema).some((path) => path.startsWith(`${menu.path}/`));
        const commands = schema[menu.path];
        if (!commands && !(menu.kind === 'directory' && isParent)) unknown.push(menu.path);
        for (const [name, command] of Object.entries(menu.commands)) {
          if (!inSpan(parsed, command)) continue;
          const known = commands?.[name];
          const properties = command.properties
            ? writable(menu, { version: parsed }, command.properties)
            : [];
          const given = [...command.arguments.filter((argument) => inSpan(parsed, argument)), ...properties];
          if (!known) unknown.push(`${menu.path} ${name}`);
          else
            for (const { name: word } of given)
              if (!known.includes(word)) unknown.push(`${menu.path} ${name} ${word}`);
        }
      }
      expect(unknown).toEqual([]);
    });

    test('the language', () => {
      const unknown: string[] = [];
      for (const [name, command] of Object.entries(LANGUAGE)) {
        const known = schema['/']?.[name];
        if (inSpan(parsed, command) !== (known !== undefined)) unknown.push(name);
        else if (known)
          for (const word of Object.keys(command.arguments))
            if (!known.includes(word)) unknown.push(`${name} ${word}`);
      }
      expect(unknown).toEqual([]);
    });

    test('what the project uses is there too, so that nothing is refused that exists', () => {
      const menus = menusOf(parsed, 'hAP ax2');
      const missing: string[] = [];
      const used = [
        '/interface/wireguard',
        '/interface/wireguard/peers',
        '/ip/service',
        '/user',
        '/user/group',
        '/ip/address',
      ];
      for (const path of used) {
        const menu = menus.get(path);
        for (const name of ['add', 'set'] as const) {
          const known = schema[path]?.[name];
          if (!known || !menu) continue;
          const ours = new Set([
            ...writable(menu, { version: parsed }, name).map((property) => property.name),
            ...(menu.commands[name]?.arguments ?? []).map((argument) => argument.name),
          ]);
          for (const word of known) if (!ours.has(word)) missing.push(`${path} ${name} ${word}`);
        }
      }
      expect(missing.filter((line) => !/ (broadcast|netmask)$/.test(line))).toEqual([]);
    });
  });
else
  test.skip(`LEFT OUT, the simulator's menus against each version's own: there are no schemas in ${FOLDER}`, () => {});
