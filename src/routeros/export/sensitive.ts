/** As `hide-sensitive` leaves them out, were a version not to. */
const SENSITIVE = /^(?:[a-z0-9-]{0,40}-)?(?:password|secret|passphrase|private-key|pre-?shared-key)$/;
const LONGEST_NAME = 64;

/**
 * An export without the values of properties that are secrets. What stands in quotes, such as a script, is one value and not
 * looked into. Takes time in proportion to the text, whatever is in it.
 */
export function withoutSensitive(text: string): string {
  let shown = '';
  for (let at = 0; at < text.length; ) {
    const end = wordEnd(text, at);
    shown += shownWord(text.slice(at, end)) + text.slice(end, end + 1);
    at = end + 1;
  }
  return shown;
}

/** Of the word that begins there: up to a blank or the end of the line outside of quotes. */
function wordEnd(text: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    const letter = text[at];
    if (letter === '\\') at += 1;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === '\n' || (letter === ' ' && !isQuoted)) return at;
  }
  return text.length;
}

function shownWord(word: string): string {
  const equals = word.slice(0, LONGEST_NAME).indexOf('=');
  return equals > 0 && SENSITIVE.test(word.slice(0, equals)) ? `${word.slice(0, equals)}=""` : word;
}
