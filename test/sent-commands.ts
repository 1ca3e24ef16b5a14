/**
 * Every command and argument that tests sent to simulated routers (test/simulator/engine/recorder.ts), held against what real
 * versions list of themselves, and against the project's own table.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compareRouterOsVersions,
  parseRouterOsVersion,
  type RouterOsVersion,
} from '../src/api/profiles/routeros-version.ts';
import { knowledgeOf } from '../src/routeros/index.ts';

/** What each version's own console says it has, as `VERSION.json`: kept beside the repository, never in it. */
export const SCHEMAS = join(import.meta.dirname, '../../shared/routeros-schema');

/** menu → command → arguments */
export type Schema = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Sent {
  isTaken: boolean;
  way: 'script' | 'api';
  version: string;
  menu: string;
  command: string;
  /** Empty: the command itself. */
  argument: string;
}

export interface Verdict {
  commands: number;
  arguments: number;
  versions: number;
  /** Taken by the simulated router, and nothing that the version has. Must be none. */
  unknown: string[];
  /** Taken, and the project's table says that this version has no such thing. Must be none. */
  denied: string[];
  /** Commands and arguments of a version, and how many of them the project's table has. */
  inTable: { of: number; known: number };
  /** Sent and refused, by tests that try what a version lacks. */
  refused: number;
  /** Refused, though the version has it: what the simulated router does not know. */
  notSimulated: string[];
  /** Without schemas nothing is held against them. */
  isHeld: boolean;
}

/** The schemas come from a CHR, which has no board. */
const HARDWARE_ONLY = ['/system/routerboard'];
/** Words of the API itself, which take the place of the console's. */
const API_WORDS = ['detail', 'stats', 'count-only', 'numbers'];

export function readSent(folder: string): Sent[] {
  const lines = new Set(
    readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')),
  );
  return [...lines].map((line) => {
    const [taken, way, version = '', menu = '', command = '', argument = ''] = line.split('\t');
    return {
      isTaken: taken === 'taken',
      way: way === 'api' ? 'api' : 'script',
      version,
      menu,
      command,
      argument,
    };
  });
}

export function readSchemas(folder = SCHEMAS): ReadonlyMap<string, Schema> | undefined {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [
      file.replace('.json', ''),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as Schema,
    ]),
  );
}

export function judge(sent: readonly Sent[], schemas: ReadonlyMap<string, Schema> | undefined): Verdict {
  const unknown: string[] = [];
  const denied: string[] = [];
  const notSimulated: string[] = [];
  let refused = 0;
  const inTable = { of: 0, known: 0 };
  for (const one of sent) {
    if (HARDWARE_ONLY.includes(one.menu)) continue;
    const schema = schemas && nearest(schemas, one.version);
    const isThere = schema === undefined ? undefined : has(schema, one);
    const text = `${one.version}: ${one.menu} ${one.command} ${one.argument} (${one.way})`;
    if (one.isTaken) {
      if (isThere === false) unknown.push(text);
      const { menu, command, argument } = one;
      const said = knowledgeOf(one.version).has(menu, command, argument === '' ? undefined : argument);
      if (said === 'no') denied.push(text);
      inTable.of += 1;
      if (said === 'yes') inTable.known += 1;
    } else if (isThere === true) notSimulated.push(text);
    else refused += 1;
  }
  const taken = sent.filter(({ isTaken }) => isTaken);
  const distinct = (keys: string[]): number => new Set(keys).size;
  return {
    commands: distinct(taken.map(({ menu, command }) => `${menu} ${command}`)),
    arguments: distinct(
      taken
        .filter(({ argument }) => argument !== '')
        .map(({ menu, command, argument }) => `${menu} ${command} ${argument}`),
    ),
    versions: distinct(sent.map(({ version }) => version)),
    unknown,
    denied,
    inTable,
    refused,
    notSimulated,
    isHeld: schemas !== undefined,
  };
}

function has(schema: Schema, { way, menu, command, argument }: Sent): boolean {
  const known = schema[menu]?.[command];
  if (known === undefined) return false;
  return argument === '' || known.includes(argument) || (way === 'api' && API_WORDS.includes(argument));
}

/** Of the version itself, or of the latest before it. */
function nearest(schemas: ReadonlyMap<string, Schema>, version: string): Schema | undefined {
  const wanted = needed(version);
  const before = [...schemas]
    .map(([name, schema]) => ({ version: needed(name), schema }))
    .filter((one) => compareRouterOsVersions(one.version, wanted) <= 0)
    .sort((a, b) => compareRouterOsVersions(a.version, b.version));
  return before.at(-1)?.schema;
}

function needed(text: string): RouterOsVersion {
  const version = parseRouterOsVersion(text);
  if (version === undefined) throw new RangeError(`"${text}" is no version of RouterOS.`);
  return version;
}

/** For people; the first line is the whole of it. */
export function tell(verdict: Verdict): string[] {
  const { commands, versions, unknown, denied, inTable, refused, notSimulated, isHeld } = verdict;
  const held = isHeld
    ? `${unknown.length} unknown to the version's own list`
    : `LEFT OUT: no lists of the versions in ${SCHEMAS}`;
  return [
    [
      `${commands} commands with ${verdict.arguments} arguments were sent to ${versions} versions of RouterOS: ${held};`,
      `the project's own table has ${inTable.known} of ${inTable.of}, and says of ${denied.length} that they are not there.`,
    ].join(' '),
    `Beside them ${refused} that a version lacks were tried and refused${isHeld ? `, and ${notSimulated.length} that only the simulator lacks` : ''}.`,
    ...unknown.slice(0, 50).map((text) => `  unknown: ${text}`),
    ...denied.slice(0, 50).map((text) => `  not in the table: ${text}`),
  ];
}
