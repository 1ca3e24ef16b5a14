/**
 * A cheap guess, line by line, whether the text typed so far is still open: brackets, a string, a joined line.
 * A wrong guess costs time, never a wrong result: the console then loads the lines one after the other.
 */
export class Balance {
  #depth = 0;
  #inString = false;
  #joined = false;

  add(line: string): void {
    this.#joined = false;
    if (!this.#inString && /^[ \t]*#/.test(line)) return;
    for (let at = 0; at < line.length; at++) {
      const byte = line[at];
      if (byte === '\\') {
        at += 1;
        this.#joined = at >= line.length;
      } else if (byte === '"') this.#inString = !this.#inString;
      else if (this.#inString) continue;
      else if (byte === '{' || byte === '[' || byte === '(') this.#depth += 1;
      else if (byte === '}' || byte === ']' || byte === ')') this.#depth -= 1;
    }
  }

  get isOpen(): boolean {
    return this.#depth > 0 || this.#inString || this.#joined;
  }
}
