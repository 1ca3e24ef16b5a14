/**
 * Whether a text is what a pattern describes: `*` any text, `?` any one character, all else itself, capital or small.
 * In time of pattern × text, whatever both are.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), text.toLowerCase()];
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      resume = from;
    } else if (wanted[at] === '?' || wanted[at] === given[from]) {
      at++;
      from++;
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1;
      from = ++resume;
    } else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}
