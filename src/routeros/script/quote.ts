import { bytesOf } from '../text.ts';

const PLAIN = /^[A-Za-z0-9 ._:/=+,@-]*$/;
const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return PLAIN.test(character) ? character : `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/**
 * Any text as one RouterOS string literal, double quotes included: the only way for text to get into a script.
 *
 * Every byte of the UTF-8 outside `[A-Za-z0-9 ._:/=+,@-]` becomes `\XX`, two upper-case hex digits, which is the
 * one escape that all versions read alike (MikroTik manual, Scripting, "Constant escape sequences"). So the result
 * is printable ASCII on one line and holds nothing that the console or its line editor acts on: no `"`, `$`, `[`,
 * `;`, `?`, tab or newline. Lone surrogates become U+FFFD, unless they stand
 * for a byte (text.ts).
 */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const byte of bytesOf(text)) quoted += ENCODED[byte];
  return `${quoted}"`;
}
