import type { Context, Menu } from '../configuration/definition.ts';
import type { Statement } from '../language/ast.ts';
import { IncompleteFault, SyntaxFault } from '../language/fault.ts';
import type { Lookup } from '../language/lookup.ts';
import { Parser } from '../language/parser.ts';
import { NIL, toBytes } from '../language/value.ts';
import { RouterOsTrap } from '../trap.ts';
import type { Terminal, World, WorldRequest } from '../types.ts';
import { Balance } from './balance.ts';
import { Interpreter, type Run, Signal } from './interpreter.ts';
import { LineEditor } from './keys.ts';
import { type Box, Scope } from './scope.ts';

export interface TerminalOptions {
  menus: ReadonlyMap<string, Menu>;
  lookup: Lookup;
  context: () => Context;
  resolve: (name: string) => string | undefined;
}

/**
 * A console session. Each Enter loads what was typed: a finished text runs in a scope of its own, an unfinished
 * block waits for more lines, a text that cannot be loaded is dropped, and the lines after it count as new ones,
 * even when they were meant to be inside its braces.
 */
export class ConsoleTerminal implements Terminal {
  readonly #options: TerminalOptions;
  readonly #globals = new Map<string, Box>();
  readonly #editor: LineEditor;
  readonly #interpreter: Interpreter;
  #path = '/';
  #pending: string[] = [];
  #balance = new Balance();
  #output = '';

  constructor(options: TerminalOptions) {
    this.#options = options;
    const print = (text: string): void => {
      this.#output += text;
    };
    this.#editor = new LineEditor({
      candidates: (line) => this.#candidates(line),
      print,
      cancel: () => {
        this.#pending = [];
        this.#balance = new Balance();
      },
    });
    this.#interpreter = new Interpreter({
      menus: options.menus,
      context: options.context,
      globals: this.#globals,
      print,
      load: (text) => this.#load(text, '/').body,
    });
  }

  paste(text: string): string {
    return this.#atOnce(this.#type(text));
  }

  import(text: string): string {
    return this.#atOnce(this.#loadFile(text));
  }

  run(text: string): string {
    const loaded = this.#tryLoad(toBytes(text).replace(/\r\n?/g, '\n').split('\n'));
    return loaded instanceof SyntaxFault ? `${loaded.message}\n` : this.#atOnce(this.#run(loaded));
  }

  #atOnce(run: Run<void>): string {
    let answer: unknown;
    for (;;) {
      const step = run.next(answer);
      if (step.done) return this.#takeOutput();
      answer = step.value.kind === 'resolve' ? this.#options.resolve(step.value.name) : undefined;
    }
  }

  async pasteInto(world: World, text: string): Promise<string> {
    const run = this.#type(text);
    let answer: unknown;
    for (;;) {
      const step = run.next(answer);
      if (step.done) return this.#takeOutput();
      answer = await ask(world, step.value);
    }
  }

  async runScript(world: World, text: string): Promise<string> {
    const loaded = this.#tryLoad(toBytes(text).replace(/\r\n?/g, '\n').split('\n'));
    if (loaded instanceof SyntaxFault) return `${loaded.message}\n`;
    const run = this.#run(loaded);
    let answer: unknown;
    for (;;) {
      const step = run.next(answer);
      if (step.done) return this.#takeOutput();
      answer = await ask(world, step.value);
    }
  }

  #takeOutput(): string {
    const output = this.#output;
    this.#output = '';
    return output;
  }

  *#loadFile(text: string): Run<void> {
    try {
      const { body } = this.#load(toBytes(text), '/');
      yield* this.#interpreter.run(body, new Scope());
      this.#output += 'Script file loaded and executed successfully\n';
    } catch (error) {
      if (!(error instanceof SyntaxFault || error instanceof RouterOsTrap)) throw error;
      this.#output += `Script Error: ${error.message}\n`;
    }
  }

  *#type(text: string): Run<void> {
    for (const byte of toBytes(text).replace(/\r\n?/g, '\n')) {
      const line = this.#editor.key(byte);
      if (line !== undefined) yield* this.#enter(line);
    }
    const rest = this.#editor.key('\n') ?? '';
    if (rest !== '') yield* this.#enter(rest);
    if (this.#pending.length > 0) yield* this.#oneByOne(this.#pending.splice(0));
  }

  /** Takes a line: loads all that is pending once its brackets close. */
  *#enter(line: string): Run<void> {
    this.#pending.push(line);
    this.#balance.add(line);
    if (this.#balance.isOpen) return;
    this.#balance = new Balance();
    const lines = this.#pending.splice(0);
    const loaded = this.#tryLoad(lines);
    if (loaded instanceof SyntaxFault) yield* this.#oneByOne(lines);
    else yield* this.#run(loaded);
  }

  /** What a console does at each Enter: load the text so far; wait while it is unfinished, drop it if it is wrong. */
  *#oneByOne(lines: readonly string[]): Run<void> {
    for (const line of lines) {
      this.#pending.push(line);
      const loaded = this.#tryLoad(this.#pending);
      if (loaded instanceof IncompleteFault) continue;
      this.#pending = [];
      if (loaded instanceof SyntaxFault) this.#output += `${loaded.message}\n`;
      else yield* this.#run(loaded);
    }
    this.#balance = new Balance();
    for (const line of this.#pending) this.#balance.add(line);
  }

  #tryLoad(lines: readonly string[]): readonly Statement[] | SyntaxFault {
    try {
      const { body, path } = this.#load(lines.join('\n'), this.#path);
      this.#path = path;
      return body;
    } catch (error) {
      if (error instanceof SyntaxFault) return error;
      throw error;
    }
  }

  *#run(body: readonly Statement[]): Run<void> {
    const bare = new Scope();
    for (const [name, box] of this.#globals) bare.declare(name, box);
    // Braces hide the console's globals: inside them `:global name` makes one known again (manual, "Variables").
    const isBlock = body.some((statement) => statement.kind === 'block');
    try {
      yield* this.#interpreter.run(body, isBlock ? new Scope() : bare);
    } catch (error) {
      if (error instanceof RouterOsTrap) this.#output += `${error.message}\n`;
      else if (!(error instanceof Signal)) throw error;
    }
  }

  #load(text: string, path: string): { body: Statement[]; path: string } {
    const body = new Parser(text, path, this.#options.lookup).program();
    const last = body.findLast((statement) => statement.kind === 'enter');
    return { body, path: last?.kind === 'enter' ? last.path : path };
  }

  /** What Tab and `?` know: submenus and commands of the menu that the line has reached. */
  #candidates(line: string): readonly string[] {
    const words = line.trimStart().split(/[\s/]+/);
    const word = words.pop() ?? '';
    const from = line.trimStart().startsWith('/') ? '/' : this.#path;
    const path = words
      .filter((part) => part !== '')
      .reduce((at, part) => (at === '/' ? `/${part}` : `${at}/${part}`), from);
    const { all } = this.#options.lookup.names(path);
    return [...new Set(all)].filter((name) => name.startsWith(word)).sort();
  }
}

async function ask(world: World, request: WorldRequest): Promise<unknown> {
  switch (request.kind) {
    case 'delay':
      await world.delay(request.milliseconds);
      return NIL;
    case 'resolve':
      return await world.resolve(request.name);
    case 'ping':
      return await world.ping(request);
  }
}
