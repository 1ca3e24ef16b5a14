/** One line among those of the test runner: figures are shown and decide nothing. */
export function tell(line: string): void {
  process.stderr.write(`      ${line}\n`);
}
