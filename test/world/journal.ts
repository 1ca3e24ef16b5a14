import type { Logger } from '../../src/kube/index.ts';
import { SECRET } from './secrets.ts';
import type { Timeline } from './timeline.ts';

/** All that happens in a world, line by line, and what a process says that it must not. */
export class Journal {
  readonly lines: string[] = [];
  /** Lines of a log that hold a secret. */
  readonly leaks: string[] = [];
  /** Whether processes' own logs are kept, too. */
  readonly isLoud: boolean;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline, isLoud: boolean) {
    this.#timeline = timeline;
    this.isLoud = isLoud;
  }

  note(line: string): void {
    this.lines.push(`${Math.round(this.#timeline.now)} ${line}`);
  }

  logger(name: string): Logger {
    const at = (level: string) => (fields: object, message: string) => {
      const said = `${message} ${JSON.stringify(fields, plainErrors)}`;
      if (said.includes(SECRET)) this.leaks.push(`${name}: ${said}`);
      if (this.isLoud || level === 'error') this.note(`  ${name} ${level}: ${said}`);
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}

/** As a logger writes them: message, code and cause. */
function plainErrors(_name: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...value, message: value.message, ...(value.cause !== undefined && { cause: value.cause }) };
}
