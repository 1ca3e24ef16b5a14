import { RouterOsError } from '../errors.ts';

/** Property names to values; all are strings. No prototype, so that a router's names cannot meet ours. */
export type ApiRow = Readonly<Record<string, string>>;

/** Of a value that is yes or no: reads say `true`, some versions and menus `yes`. */
export const isTrue = (value: string | undefined): boolean => value === 'true' || value === 'yes';

/** One reply sentence: `!re`, `!done`, `!trap`, `!empty` or `!fatal`, its tag, and the rest of its words. */
export interface ReplySentence {
  type: string;
  /** Empty where the request had none. */
  tag: string;
  row: ApiRow;
  /** Words that are no attributes: the reason in a `!fatal`. */
  bare: string[];
}

const TYPES = new Set(['!re', '!done', '!trap', '!empty', '!fatal']);

/** Throws `ProtocolViolation` for a sentence that is no reply. */
export function parseReply(words: readonly string[]): ReplySentence {
  const [type = '', ...rest] = words;
  if (!TYPES.has(type))
    throw new RouterOsError(
      'ProtocolViolation',
      'The router sent a sentence that is no reply of the RouterOS API.',
    );
  const row: Record<string, string> = Object.create(null);
  const bare: string[] = [];
  let tag = '';
  for (const word of rest) {
    const separator = word.indexOf('=', 1);
    if (word.startsWith('.tag=')) tag = word.slice('.tag='.length);
    else if (word.startsWith('=') && separator > 0) row[word.slice(1, separator)] = word.slice(separator + 1);
    else bare.push(word);
  }
  return { type, tag, row, bare };
}

/** Length of a router's own words in our messages. */
const MAX_QUOTED = 200;

/** What a router said, fit for one line of a message: no secrets that we sent, no control characters, short. */
export function quotable(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, '*****');
  clean = clean.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  const characters = [...clean];
  return characters.length > MAX_QUOTED ? `${characters.slice(0, MAX_QUOTED).join('')}…` : clean;
}

/** The error for a `!trap`. RouterOS's texts are the only sign of some: the categories are too coarse for these. */
export function trapError(path: string, row: ApiRow, secrets: Iterable<string>): RouterOsError {
  const said = quotable(row.message ?? '', secrets) || 'no reason given';
  const category = /^[0-7]$/.test(row.category ?? '') ? Number(row.category) : undefined;
  if (path === '/login' && /invalid user name or password|cannot log in/i.test(said))
    return new RouterOsError(
      'LoginRefused',
      `The router refused the log-in (${said}): its user, password or allowed address differ; paste the script again.`,
      category,
    );
  if (/not enough permissions/i.test(said))
    return new RouterOsError('NotPermitted', `The router's user may not run ${path} (${said}).`, category);
  if (/^no such command/i.test(said))
    return new RouterOsError('NoSuchCommand', `The router has no command ${path} (${said}).`, category);
  return new RouterOsError('Trap', `The router refused ${path}: ${said}.`, category);
}
