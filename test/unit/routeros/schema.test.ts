import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandsIn, type WrittenCommand } from './commands.ts';
import { lex } from './unquote.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/', import.meta.url));
/** What each version's own console says it has, as `VERSION.json`: not part of this repository. */
const SCHEMAS = fileURLToPath(new URL('../../../../shared/routeros-schema/', import.meta.url));

type Schema = Record<string, Record<string, string[]>>;

/** A text that a script puts together piece by piece, for netwatch to run. */
const PIECE = /:set ttText \(\$ttText \. ("[^"]*")\)/g;

const scripts = readdirSync(GOLDEN)
  .filter((file) => file.endsWith('.rsc'))
  .map((file) => {
    const text = readFileSync(GOLDEN + file, 'utf8');
    const later = [...text.matchAll(PIECE)].flatMap(([, piece = '']) => lex(piece).literals).join('');
    return { file, commands: [...commandsIn(text.replaceAll(PIECE, '')), ...commandsIn(later)] };
  });

const written = ({ menu, command }: WrittenCommand): string => `${menu === '/' ? '' : menu}/${command}`;

/** What this version lacks for the command to load; empty if nothing. */
function missing(schema: Schema, command: WrittenCommand): string[] {
  const known = schema[command.menu]?.[command.command];
  if (known === undefined) return [written(command)];
  const lacking = command.arguments
    .filter((name) => !known.includes(name))
    .map((name) => `${written(command)} ${name}=`);
  // Which properties `get` can read is not listed; what it reads of a service can also be set.
  const read = command.command === 'get' && command.guarded ? command.unnamed[1] : undefined;
  return read === undefined || schema[command.menu]?.set?.includes(read)
    ? lacking
    : [...lacking, `${written(command)} ${read}`];
}

describe('the commands found in the golden scripts', () => {
  test('are those that the scripts are known to have', () => {
    const commands = scripts.find(({ file }) => file === 'preshared-key.rsc')?.commands ?? [];
    const add = commands.find((command) => written(command) === '/interface/wireguard/peers/add');
    expect(add?.arguments).toEqual([
      'interface',
      'public-key',
      'preshared-key',
      'endpoint-address',
      'endpoint-port',
      'allowed-address',
      'persistent-keepalive',
      'comment',
    ]);
    const rule = commands.find((command) => written(command) === '/ip/firewall/filter/add');
    expect(rule?.arguments).toEqual([
      'chain',
      'action',
      'protocol',
      'src-address',
      'in-interface',
      'dst-port',
      'comment',
      'place-before',
    ]);
    expect(
      commands
        .filter(({ guarded }) => guarded)
        .map((command) => [written(command), ...command.unnamed, ...command.arguments]),
    ).toEqual([
      ['/return'],
      ['/ip/service/get', 'api', 'available-from'],
      ['/return'],
      ['/ip/service/get', 'api', 'address'],
      ['/ip/service/set', 'api', 'available-from'],
      ['/ip/service/set', 'api', 'address'],
    ]);
    expect(new Set(commands.map(written))).toEqual(
      new Set([
        '/local',
        '/do',
        '/if',
        '/while',
        '/set',
        '/len',
        '/error',
        '/foreach',
        '/for',
        '/tostr',
        '/toarray',
        '/parse',
        '/return',
        '/put',
        '/delay',
        '/interface/wireguard/find',
        '/interface/wireguard/add',
        '/interface/wireguard/set',
        '/interface/wireguard/get',
        '/interface/wireguard/peers/find',
        '/interface/wireguard/peers/remove',
        '/interface/wireguard/peers/add',
        '/interface/wireguard/peers/get',
        '/ip/address/find',
        '/ip/address/add',
        '/ip/address/set',
        '/ip/address/remove',
        '/user/group/find',
        '/user/group/add',
        '/user/group/set',
        '/user/find',
        '/user/add',
        '/user/set',
        '/user/remove',
        '/ip/firewall/filter/find',
        '/ip/firewall/filter/get',
        '/ip/firewall/filter/add',
        '/ip/firewall/filter/remove',
        '/ipv6/firewall/filter/add',
        '/ipv6/firewall/filter/find',
        '/ipv6/firewall/filter/remove',
        '/ip/service/get',
        '/ip/service/set',
        '/system/identity/set',
        '/tool/netwatch/add',
        '/tool/netwatch/find',
        '/tool/netwatch/remove',
        '/interface/wireguard/peers/set',
        '/resolve',
        '/totime',
      ]),
    );
  });
});

if (existsSync(SCHEMAS)) {
  describe('every command and argument of the golden scripts', () => {
    const versions = readdirSync(SCHEMAS)
      .filter((file) => /^7\.[\d.]+\.json$/.test(file))
      .map((file) => file.replace('.json', ''));

    test('has schemas of the oldest and the newest version to be held against', () => {
      expect(versions).toEqual(expect.arrayContaining(['7.9.2', '7.24']));
    });

    test.each(versions)('is known to RouterOS %s', (version) => {
      const schema = JSON.parse(readFileSync(`${SCHEMAS}${version}.json`, 'utf8')) as Schema;
      for (const { file, commands } of scripts) {
        const plain = commands.filter(({ guarded }) => !guarded);
        expect({ file, missing: plain.flatMap((command) => missing(schema, command)) }).toEqual({
          file,
          missing: [],
        });
        const guarded = Map.groupBy(
          commands.filter((command) => command.guarded),
          written,
        );
        for (const [name, alternatives] of guarded)
          expect({
            file,
            name,
            known: alternatives.some((command) => missing(schema, command).length === 0),
          }).toEqual({ file, name, known: true });
      }
    });

    test('would be found if a version did not know it', () => {
      const schema = JSON.parse(readFileSync(`${SCHEMAS}7.9.2.json`, 'utf8')) as Schema;
      const lacking = (text: string): string[] =>
        commandsIn(text).flatMap((command) => missing(schema, command));
      expect(lacking('/interface/wireguard/peers/add name="x"')).toEqual([
        '/interface/wireguard/peers/add name=',
      ]);
      expect(lacking(':onerror e in={} do={}')).toEqual(['/onerror']);
      expect(lacking(':if (1) do={\n  /ip/service/set api available-from="x" }')).toEqual([
        '/ip/service/set available-from=',
      ]);
      expect(lacking(':parse ":return [/ip/service/get api available-from]"')).toEqual([
        '/ip/service/get available-from',
      ]);
    });
  });
} else {
  test.skip(`LEFT OUT, commands and arguments of each RouterOS version: there are no schemas in ${SCHEMAS}`, () => {});
}
