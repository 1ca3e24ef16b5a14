/** `{{ router.name }}` in the values of a profile. Strict: what is missing is an error, never an empty text. */

/** A text, and whether any of it came out of a Secret. */
export interface Rendered {
  text: string;
  secret: boolean;
}

/** What a name in a template means; throws {@link TemplateError} where it means nothing. */
export type Lookup = (name: readonly string[]) => Rendered;

/** Its message is a clause that goes behind the row's name. Holds no value. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Longest text that comes out. */
export const MAX_RENDERED = 32_768;

/** A text in quotes, or names with dots between them; the last one may stand in brackets: `router.labels["a.b/c"]`. */
const EXPRESSION = /^\s*(?:"([^"]*)"|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)(?:\["([^"\]]{1,320})"\])?)\s*$/;

export function render(text: string, lookup: Lookup): Rendered {
  let secret = false;
  let rest = text;
  let made = '';
  for (;;) {
    const open = rest.indexOf('{{');
    if (open < 0) break;
    const close = rest.indexOf('}}', open);
    if (close < 0) throw new TemplateError('a template begins with {{ and does not end with }}');
    const part = meaningOf(rest.slice(open + 2, close), lookup);
    secret ||= part.secret;
    made += rest.slice(0, open) + part.text;
    if (made.length > MAX_RENDERED) break;
    rest = rest.slice(close + 2);
  }
  made += rest;
  if (made.length > MAX_RENDERED)
    throw new TemplateError(`what its templates make is longer than ${MAX_RENDERED} characters`);
  return { text: made, secret };
}

function meaningOf(expression: string, lookup: Lookup): Rendered {
  const parts = EXPRESSION.exec(expression);
  if (parts === null)
    throw new TemplateError(`"{{${expression.slice(0, 64)}}}" is no template; write e.g. {{ router.name }}`);
  const [, literal, name = '', bracket] = parts;
  if (literal !== undefined) return { text: literal, secret: false };
  return lookup([...name.split('.'), ...(bracket === undefined ? [] : [bracket])]);
}
