import type { Context, Menu } from '../configuration/definition.ts';
import type { Terminal, World } from '../types.ts';

export interface TerminalOptions {
  menus: ReadonlyMap<string, Menu>;
  context: () => Context;
  resolve: (name: string) => string | undefined;
}

export class ConsoleTerminal implements Terminal {
  readonly #options: TerminalOptions;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  paste(text: string): string {
    throw new Error(`being written ${this.#options.menus.size} ${text.length}`);
  }

  pasteInto(_world: World, text: string): Promise<string> {
    return Promise.resolve(this.paste(text));
  }
}
