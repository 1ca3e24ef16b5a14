/** A command as a script writes it: `/user/add` with the arguments it names. */
export interface WrittenCommand {
  /** `/user`, or `/` for commands of the root such as `:foreach`. */
  menu: string;
  command: string;
  arguments: string[];
  /** First argument without a name, as written (a row, a variable, a property's name). */
  unnamed: string[];
  /** Stands in text that is only parsed when it runs. */
  guarded: boolean;
}

/**
 * The commands of a script, found without our renderer: a command is a path or a `:word` at the start of a line, a
 * block or a bracket; its arguments are the `name=` of its own depth, up to the end of the line or of its bracket.
 * What follows `where` are conditions and no arguments. Strings that start with a command are read as guarded text.
 */
export function commandsIn(script: string, guarded = false): WrittenCommand[] {
  const found: WrittenCommand[] = [];
  const open: { command: WrittenCommand | undefined; where: boolean }[] = [
    { command: undefined, where: false },
  ];
  let atStart = true;
  let index = 0;
  const top = () => open[open.length - 1] as (typeof open)[number];
  while (index < script.length) {
    const rest = script.slice(index);
    const comment = atStart ? /^#[^\n]*/.exec(rest)?.[0] : undefined;
    const text = /^"(?:[^"\\]|\\[\s\S])*"/.exec(rest)?.[0];
    const start = atStart ? /^(?::([a-z]+)|((?:\/[a-z0-9-]+)+)|(find)\b)/.exec(rest) : null;
    const named = /^([a-z][a-z0-9-]*)=/.exec(rest);
    const word = /^\$?[A-Za-z0-9][A-Za-z0-9-]*/.exec(rest)?.[0];
    const character = rest[0] ?? '';
    if (comment !== undefined) index += comment.length;
    else if (text !== undefined) {
      const inner = text.slice(1, -1).replaceAll('\\"', '"');
      if (/^(?::return \[)?\/[a-z]/.test(inner)) found.push(...commandsIn(inner, true));
      index += text.length;
      atStart = false;
    } else if (start !== null) {
      const command = { ...placeOf(start, open), arguments: [], unnamed: [], guarded };
      found.push(command);
      top().command = command;
      top().where = false;
      index += start[0].length;
      atStart = false;
    } else if (named !== null) {
      if (!top().where) top().command?.arguments.push(named[1] ?? '');
      index += named[0].length;
      atStart = false;
    } else if (word !== undefined) {
      if (word === 'where') top().where = true;
      else if (!top().where) top().command?.unnamed.push(word);
      index += word.length;
      atStart = false;
    } else {
      if ('{[('.includes(character))
        open.push({ command: undefined, where: character === '(' && top().where });
      if ('}])'.includes(character) && open.length > 1) open.pop();
      if (character === '\n' || character === ';') {
        top().command = undefined;
        top().where = false;
      }
      if ('{[\n;'.includes(character)) atStart = true;
      else if (character !== ' ') atStart = false;
      index += 1;
    }
  }
  return found;
}

function placeOf(
  start: RegExpExecArray,
  open: readonly { command: WrittenCommand | undefined }[],
): { menu: string; command: string } {
  const [, word, path] = start;
  if (word !== undefined) return { menu: '/', command: word };
  if (path !== undefined) {
    const parts = path.split('/');
    const command = parts.pop() ?? '';
    return { menu: parts.join('/') || '/', command };
  }
  // A bare `find` belongs to the menu of the command that it is written in.
  const around = open.map((frame) => frame.command).findLast((command) => command !== undefined);
  return { menu: around?.menu ?? '/', command: 'find' };
}
