/** A text the console refuses to load, in its words: `syntax error (line 3 column 12)`. */
export class SyntaxFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SyntaxFault';
  }
}

/** The text ends inside a bracket, a string or behind a joining backslash: the console waits for more. */
export class IncompleteFault extends SyntaxFault {
  constructor(message: string) {
    super(message);
    this.name = 'IncompleteFault';
  }
}
