import { parseRouterOsVersion, type RouterOsVersion } from '../../api/profiles/routeros-version.ts';
import type { CommandOptions } from '../api/client.ts';
import type { Answers } from './answers.ts';
import { type Asked, type Children, inspect } from './inspect.ts';
import { inWords, isIn } from './span.ts';
import { RENAMED } from './table.ts';
import { menuOf } from './vocabulary.ts';

export type Known = 'yes' | 'no' | 'unknown';

/**
 * What one router takes: what it said itself, where it was asked, before what the table says of its version. `unknown`: neither
 * says anything. Nothing is asked here; {@link learn} has asked.
 */
export interface Knowledge {
  /** Undefined where the router's text is no version. */
  readonly version: RouterOsVersion | undefined;
  /** `has('/ip/service')`, `has('/ip/service', 'set')`, `has('/ip/service', 'set', 'available-from')`. */
  has(menu: string, command?: string, argument?: string): Known;
  /** The name that this router reads and writes a property under: `/ip/service` `address` is `available-from` from 7.24 on. */
  renamed(menu: string, property: string): string;
  /** For a sentence: which versions have it (`RouterOS 7.16 and later`); undefined where the table does not say. */
  versionsWith(menu: string, command?: string, argument?: string): string | undefined;
}

/** Place in the console's tree (`/ip/service/set`) → what the router says is under it; null: it has no such place. */
export type Learned = ReadonlyMap<string, Children | null>;

/** Pure. `version` as the router writes it: `7.16.2 (stable)`. Of a text that is no version only what all versions have is known. */
export function knowledgeOf(version: string, learned: Learned = new Map()): Knowledge {
  const parsed = parseRouterOsVersion(version);
  const byTable = (menu: string, command?: string, argument?: string): Known => {
    const spans = spansOf(menu, command, argument);
    if (spans === undefined) return 'unknown';
    if (parsed === undefined) return spans.every(({ text }) => text === '') ? 'yes' : 'unknown';
    return spans.every((span) => isIn(span, parsed)) ? 'yes' : 'no';
  };
  const has = (menu: string, command?: string, argument?: string): Known =>
    byRouter(learned, menu, command, argument) ?? byTable(menu, command, argument);
  return {
    version: parsed,
    has,
    renamed(menu, property) {
      const names = RENAMED.find((one) => one.menu === menu && one.names.includes(property))?.names ?? [];
      const isThere = (name: string) => has(menu, 'set', name) === 'yes' || has(menu, 'add', name) === 'yes';
      return names.find(isThere) ?? property;
    },
    versionsWith(menu, command, argument) {
      const last = spansOf(menu, command, argument)?.findLast(({ text }) => text !== '');
      return last === undefined ? undefined : inWords(last);
    },
  };
}

/** Undefined: it has not been asked, or did not say. */
function byRouter(learned: Learned, menu: string, command?: string, argument?: string): Known | undefined {
  const inMenu = learned.get(menu);
  if (command === undefined) {
    const under = [...learned].some(([place, found]) => found !== null && place.startsWith(`${menu}/`));
    return inMenu ? 'yes' : under ? 'yes' : inMenu === null ? 'no' : undefined;
  }
  const place = placeOf(menu, command);
  const inCommand = learned.get(place);
  if (argument !== undefined && inCommand) return among(inCommand, argument);
  if (inCommand !== undefined) return inCommand === null ? 'no' : 'yes';
  if (inMenu === undefined || argument !== undefined) return inMenu === null ? 'no' : undefined;
  return inMenu === null ? 'no' : among(inMenu, command);
}

const among = ({ names, isCut }: Children, name: string): Known | undefined =>
  names.has(name) ? 'yes' : isCut ? undefined : 'no';

/** Of the menu, the command and the argument; undefined where the table lacks one. */
function spansOf(path: string, command?: string, argument?: string) {
  const menu = menuOf(path);
  if (menu === undefined) return undefined;
  if (command === undefined) return [menu.span];
  const known = menu.commands.get(command);
  if (known === undefined) return undefined;
  if (argument === undefined) return [menu.span, known.span];
  const span = known.arguments.get(argument);
  return span === undefined ? undefined : [menu.span, known.span, span];
}

export const placeOf = (menu: string, command: string): string => `${menu === '/' ? '' : menu}/${command}`;

export interface LearnOptions extends CommandOptions {
  /** As the router writes it. */
  version: string;
  /** Places that are to be known: `/ip/service/set`, `/radius`. At most {@link MOST_PLACES}; what is beyond is left to the table. */
  places: readonly string[];
  /** Answers of before, and the name that this router's are kept under (its uid, version and board, say). */
  answers?: { kept: Answers; router: string };
}

export const MOST_PLACES = 256;
const AT_ONCE = 16;

/** Every RouterOS 7 has it: a router that does not say so says nothing of what it lacks. */
const PROOF = '/system/identity/set';

/**
 * Asks the router once for each place that is not known already. A router that does not say leaves the table. Throws
 * {@link RouterOsError} only where the session is over.
 */
export async function learn(session: Asked, options: LearnOptions): Promise<Knowledge> {
  const { version, answers, places: wanted, ...rest } = options;
  const learned = new Map<string, Children | null>();
  const places = [...new Set(wanted)].slice(0, MOST_PLACES);
  let isSilent = false;
  const ask = async (place: string): Promise<Children | null | undefined> => {
    const known = answers?.kept.find(answers.router, place);
    if (known !== undefined || isSilent) return known;
    const children = await inspect(session, place, rest);
    if (children === 'unanswered') isSilent = true;
    // What is missing is asked for again next time: a package may have come since.
    else if (children !== null) answers?.kept.keep(answers.router, place, children);
    return children === 'unanswered' ? undefined : children;
  };
  let proof: Promise<boolean> | undefined;
  const saysNo = (): Promise<boolean> =>
    (proof ??= ask(PROOF).then((children) => children?.names.has('name') === true));

  const learnOf = async (place: string): Promise<void> => {
    const children = await ask(place);
    if (children) learned.set(place, children);
    if (children !== null || !(await saysNo())) return;
    learned.set(place, null);
    const cut = place.lastIndexOf('/');
    if (cut < 1) return;
    // Of a command without arguments there may be nothing to tell: then its menu tells.
    const menu = place.slice(0, cut);
    const inMenu = await ask(menu);
    if (inMenu !== undefined) learned.set(menu, inMenu);
    if (inMenu?.names.has(place.slice(cut + 1)) === true)
      learned.set(place, { names: new Set(), isCut: false });
  };
  const waiting = places.values();
  const worker = async (): Promise<void> => {
    for (const place of waiting) await learnOf(place);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, places.length) }, worker));
  return knowledgeOf(version, learned);
}
