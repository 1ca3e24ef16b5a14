import type { Context, Menu } from '../configuration/definition.ts';
import type { Statement } from '../language/ast.ts';
import { IncompleteFault, SyntaxFault } from '../language/fault.ts';
import { Parser } from '../language/parser.ts';
import { NIL, toBytes } from '../language/value.ts';
import { LANGUAGE } from '../language/vocabulary.ts';
import { RouterOsTrap } from '../trap.ts';
import type { Terminal, World, WorldRequest } from '../types.ts';
import { inSpan } from '../version.ts';
import { Interpreter, type Run, Signal } from './interpreter.ts';
import { LineEditor } from './keys.ts';
import { type Box, Scope } from './scope.ts';

export interface TerminalOptions {
  menus: ReadonlyMap<string, Menu>;
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
    const run = this.#type(text);
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

  #takeOutput(): string {
    const output = this.#output;
    this.#output = '';
    return output;
  }

  *#type(text: string): Run<void> {
    for (const byte of toBytes(text).replace(/\r\n?/g, '\n')) {
      const line = this.#editor.key(byte);
      if (line !== undefined) yield* this.#enter(line);
    }
    const rest = this.#editor.key('\n') ?? '';
    if (rest !== '') yield* this.#enter(rest);
  }

  *#enter(line: string): Run<void> {
    this.#pending.push(line);
    try {
      const { body, path } = this.#load(this.#pending.join('\n'), this.#path);
      this.#pending = [];
      this.#path = path;
      yield* this.#run(body);
    } catch (error) {
      if (error instanceof IncompleteFault) return;
      this.#pending = [];
      if (!(error instanceof SyntaxFault)) throw error;
      this.#output += `${error.message}\n`;
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
    const { version } = this.#options.context();
    const body = new Parser(text, path, this.#options.menus, version).program();
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
    const { version } = this.#options.context();
    const under = path === '/' ? '/' : `${path}/`;
    const children = [...this.#options.menus.keys()]
      .filter((candidate) => candidate.startsWith(under) && candidate !== '/')
      .map((candidate) => candidate.slice(under.length))
      .filter((rest) => !rest.includes('/'));
    const own = Object.keys(this.#options.menus.get(path)?.commands ?? {});
    const language =
      path === '/' ? Object.keys(LANGUAGE).filter((name) => inSpan(version, LANGUAGE[name] ?? {})) : [];
    return [...new Set([...children, ...own, ...language])].filter((name) => name.startsWith(word)).sort();
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
