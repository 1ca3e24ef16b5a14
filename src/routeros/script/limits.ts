/** RouterOS holds identities of up to 64 characters; it counts bytes, so this counts the bytes of the UTF-8. */
export const MAX_IDENTITY_BYTES = 64;

/** Ours: no limit is documented, and longer names are cut in the columns of RouterOS's own lists. */
export const MAX_USER_BYTES = 64;

// C0, DEL and C1 controls, line and paragraph separators: an identity is shown in prompts and log lines.
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing these is its purpose
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/;
// As RouterOS asks of user names (manual, User): first and last alphanumeric, no asterisk.
const USER = /^[A-Za-z0-9]([A-Za-z0-9._@-]*[A-Za-z0-9])?$/;

const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Why RouterOS cannot hold this identity, as one sentence; undefined if it can. */
export function identityProblem(identity: string): string | undefined {
  if (identity === '') return 'The identity is empty: give the router a name.';
  if (byteLength(identity) > MAX_IDENTITY_BYTES)
    return `The identity has ${byteLength(identity)} bytes of UTF-8: RouterOS holds at most ${MAX_IDENTITY_BYTES}.`;
  if (CONTROL.test(identity)) return 'The identity has control characters or line breaks: leave them out.';
  if (!identity.isWellFormed()) return 'The identity is not valid Unicode (a lone surrogate): leave it out.';
  return undefined;
}

/** Why this is no name for a management user, as one sentence; undefined if it is. */
export function managementUserProblem(user: string): string | undefined {
  if (byteLength(user) > MAX_USER_BYTES)
    return `The management user's name is longer than ${MAX_USER_BYTES} characters.`;
  if (!USER.test(user))
    return "The management user's name may have letters, digits and . _ @ - and must start and end with a letter or digit.";
  return undefined;
}
