import fc from 'fast-check';
import { bytesOf } from '../../../src/routeros/text.ts';

/** Text that means something to a RouterOS console, mixed with all of Unicode. */
export const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        '"',
        '\\',
        '$',
        '[',
        ']',
        '{',
        '}',
        '(',
        ')',
        ';',
        ':',
        '#',
        '?',
        '\n',
        '\r',
        '\t',
        '\0',
        '\x7f',
        '\u2028',
        '/system/reset-configuration',
        '$(x)',
        '\\"',
        '\\\n',
        '\\22',
        ':put',
        'on-error=',
        ' ',
        'é',
        '\u{1F409}',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

/** What UTF-8 can say of a JavaScript string: a lone surrogate is U+FFFD, or a byte that is none (text.ts). */
export const sayable = (text: string): string => bytesOf(text).toString('utf8');
