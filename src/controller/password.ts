import { randomBytes } from 'node:crypto';

/** 144 bits, as 24 characters of base64url, which need no quoting anywhere. */
const BYTES = 18;
/** RouterOS can demand up to all four kinds of characters: /user settings minimum-categories. */
const CATEGORIES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[-_]/];

/**
 * A password with a lower-case letter, an upper-case letter, a digit and a symbol. One that lacks any is drawn again
 * as a whole, so that those which are left stay equally likely: half of all are, which costs one of the 144 bits.
 */
export function generatePassword(random: (bytes: number) => Buffer = randomBytes): string {
  for (;;) {
    const password = random(BYTES).toString('base64url');
    if (CATEGORIES.every((category) => category.test(password))) return password;
  }
}
