import { IncompleteFault, SyntaxFault } from './fault.ts';

/** Deeper nesting than any script has; a router's own limit is not known. */
const DEEPEST = 200;

/** A cursor over the bytes of a script (one a character). */
export class Scanner {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character here, '' at the end. */
  get here(): string {
    return this.text[this.at] ?? '';
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  startsWith(word: string): boolean {
    return this.text.startsWith(word, this.at);
  }

  /** Takes what `pattern` (sticky) matches here; '' if nothing. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [match = ''] = pattern.exec(this.text) ?? [];
    this.at += match.length;
    return match;
  }

  /** `(line 3 column 12)`, both from 1, columns in bytes. */
  position(at = this.at): string {
    const before = this.text.slice(0, at);
    const line = before.split('\n').length;
    return `(line ${line} column ${at - before.lastIndexOf('\n')})`;
  }

  fault(message = 'syntax error', at = this.at): SyntaxFault {
    if (at >= this.text.length && this.#depth > 0) return this.incomplete();
    return new SyntaxFault(`${message} ${this.position(at)}`);
  }

  incomplete(): IncompleteFault {
    return new IncompleteFault(`expected closing brace ${this.position()}`);
  }

  /** Runs `read` between `open`, which stands here, and `close`, which must follow. */
  within<T>(open: string, close: string, read: () => T): T {
    this.at += open.length;
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new SyntaxFault(`syntax error ${this.position()}`);
    const result = read();
    if (this.isAtEnd) throw this.incomplete();
    if (this.here !== close) throw this.fault();
    this.at += 1;
    this.#depth -= 1;
    return result;
  }

  /** Blanks within a line, and joins: a backslash before white space is nothing. */
  skipBlanks(): void {
    for (;;) {
      this.take(/[ \t]+/y);
      if (this.here !== '\\') return;
      if (this.at + 1 >= this.text.length) throw new IncompleteFault(`syntax error ${this.position()}`);
      if (this.take(/\\(\r?\n[ \t\r\n]*|[ \t])/y) === '') throw this.fault();
    }
  }

  /** Blanks and line ends, inside parentheses and arrays. */
  skipSpace(): void {
    do this.skipBlanks();
    while (this.take(/[\r\n]+/y) !== '');
  }

  /** What may stand before a statement: white space, `;`, comments to the end of their line. */
  skipToStatement(): void {
    do this.skipBlanks();
    while (this.take(/[\r\n;]+|#[^\n]*/y) !== '');
  }

  /** Past the rest of a statement that cannot be read, brackets and strings whole. */
  skipStatement(): void {
    const open: string[] = [];
    const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
    while (!this.isAtEnd) {
      const { here } = this;
      if (open.length === 0 && /[;\n\]})]/.test(here)) return;
      if (here === '"') {
        if (this.take(/"(?:\\[\s\S]|[^"\\])*"/y) === '')
          throw new IncompleteFault(`syntax error ${this.position()}`);
        continue;
      }
      const close = closing[here];
      if (close !== undefined) open.push(close);
      else if (here === open.at(-1)) open.pop();
      this.at += 1;
    }
    if (open.length > 0) throw this.incomplete();
  }
}
