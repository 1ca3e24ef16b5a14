/** What the demo looks like on a terminal: plain text where there is none. */
const isTerminal = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

const paint =
  (code: number) =>
  (text: string): string =>
    isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);
export const cyan = paint(36);

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

let chapters = 0;

/** Begins a numbered chapter. */
export function chapter(title: string): void {
  chapters += 1;
  say(`\n${cyan(bold(`${chapters}  ${title}`))}`);
}

/** Text in a frame, at most `most` lines of it. */
export function quoted(text: string, most = Number.POSITIVE_INFINITY): void {
  const lines = text.trimEnd().split('\n');
  for (const line of lines.slice(0, most)) say(`   ${dim('│')} ${line}`);
  if (lines.length > most) say(`   ${dim(`│ … ${lines.length - most} more lines`)}`);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** A table whose columns are as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => visible(row[column] ?? ''))),
  );
  for (const [i, row] of rows.entries()) {
    const line = row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visible(cell)))
      .join('   ');
    say(`   ${i === 0 ? dim(line) : line}`);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of `paint`
const visible = (text: string): number => text.replace(/\u001b\[\d+m/g, '').length;

/** A step that takes a while: its name at once, how long it took when it is over. */
export async function step<R>(name: string, work: () => Promise<R>): Promise<R> {
  const began = performance.now();
  if (isTerminal) process.stdout.write(`   ${dim('…')} ${name}`);
  const result = await work();
  const line = `   ${green('✓')} ${name} ${dim(seconds(performance.now() - began))}`;
  process.stdout.write(isTerminal ? `\r\u001b[K${line}\n` : `${line}\n`);
  return result;
}
