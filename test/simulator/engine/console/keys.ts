/** What a line editor asks of the console while someone types. */
interface KeyActions {
  /** Names that could stand where the cursor is, given what was typed of the line. */
  candidates(line: string): readonly string[];
  print(text: string): void;
  /** Ctrl-C: what was typed so far is forgotten, earlier lines of an open block too. */
  cancel(): void;
}

const inString = (line: string): boolean => (line.replace(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1;

/**
 * The console's line editor. Keys act while text is pasted: Tab completes, `?` and F1 list what could follow,
 * Ctrl-V switches HotLock, Ctrl-X safe mode, Ctrl-C forgets the line (manual, "Command Line Interface"; wiki,
 * "Console login process"). `?` acts inside quotes too: whether 7.x does so is unsure, and a script must not care.
 */
export class LineEditor {
  readonly #actions: KeyActions;
  #line = '';
  #cursor = 0;
  #escape = '';

  constructor(actions: KeyActions) {
    this.#actions = actions;
  }

  /** One byte; returns the line when it was Enter. */
  key(byte: string): string | undefined {
    if (this.#escape !== '') {
      this.#escape += byte;
      // ESC, then `[` or `O`, then parameters up to a final byte.
      const isOver = this.#escape.length > 2 ? /[@-~]/.test(byte) : !/[[O]/.test(byte);
      if (isOver) this.#escape = '';
      return undefined;
    }
    if (byte === '\n') {
      const line = this.#line;
      this.#clear();
      return line;
    }
    if (byte === '?') this.#actions.print(`${this.#actions.candidates(this.#typed()).join('  ')}\n`);
    else if (byte < ' ' || byte === '\x7f') this.#control(byte);
    else this.#insert(byte);
    return undefined;
  }

  #typed(): string {
    return this.#line.slice(0, this.#cursor);
  }

  #insert(text: string): void {
    if (this.#cursor === this.#line.length) this.#line += text;
    else this.#line = this.#typed() + text + this.#line.slice(this.#cursor);
    this.#cursor += text.length;
  }

  #clear(): void {
    this.#line = '';
    this.#cursor = 0;
  }

  #complete(): void {
    const typed = this.#typed();
    if (inString(typed)) return;
    const candidates = this.#actions.candidates(typed);
    const word = /[a-z0-9-]*$/.exec(typed)?.[0] ?? '';
    const [only] = candidates;
    if (candidates.length === 1 && only !== undefined && word !== '')
      this.#insert(`${only.slice(word.length)} `);
    else this.#actions.print(`${candidates.join('  ')}\n`);
  }

  #control(byte: string): void {
    switch (byte) {
      case '\t':
        this.#complete();
        break;
      case '\x01':
        this.#cursor = 0;
        break;
      case '\x05':
        this.#cursor = this.#line.length;
        break;
      case '\x02':
        this.#cursor = Math.max(0, this.#cursor - 1);
        break;
      case '\x06':
        this.#cursor = Math.min(this.#line.length, this.#cursor + 1);
        break;
      case '\b':
      case '\x7f':
        this.#line = this.#line.slice(0, Math.max(0, this.#cursor - 1)) + this.#line.slice(this.#cursor);
        this.#cursor = Math.max(0, this.#cursor - 1);
        break;
      case '\x04':
        this.#line = this.#typed() + this.#line.slice(this.#cursor + 1);
        break;
      case '\x0b':
        this.#line = this.#typed();
        break;
      case '\x15':
        this.#line = this.#line.slice(this.#cursor);
        this.#cursor = 0;
        break;
      case '\x03':
        this.#clear();
        this.#actions.cancel();
        break;
      case '\x16':
        this.#actions.print('[HotLock]\n');
        break;
      case '\x18':
        this.#actions.print('[Safe Mode]\n');
        break;
      case '\x1b':
        this.#escape = byte;
        break;
      default:
        break;
    }
  }
}
