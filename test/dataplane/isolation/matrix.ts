/** A table of what got through: a row for each sender, a column for each destination. */
export class Matrix {
  readonly #cells = new Map<string, Map<string, { sent: number; passed: number; due: number }>>();

  add(row: string, column: string, result: { sent: number; passed: number; due: number }): void {
    const cells = this.#cells.get(row) ?? new Map();
    this.#cells.set(row, cells);
    const { sent, passed, due } = cells.get(column) ?? { sent: 0, passed: 0, due: 0 };
    cells.set(column, {
      sent: sent + result.sent,
      passed: passed + result.passed,
      due: due + result.due,
    });
  }

  /** In each cell how many passed of those that should, and how many were sent: `217/217 of 600`. */
  render(title: string): string {
    const columns = [...new Set([...this.#cells.values()].flatMap((cells) => [...cells.keys()]))];
    const rows = [...this.#cells].map(([row, cells]) => [
      row,
      ...columns.map((column) => {
        const cell = cells.get(column);
        if (cell === undefined) return '';
        return cell.due === 0 && cell.passed === 0
          ? `0 of ${cell.sent}`
          : `${cell.passed}/${cell.due} of ${cell.sent}`;
      }),
    ]);
    const table = [['', ...columns], ...rows];
    const widths = table[0]?.map((_, at) => Math.max(...table.map((line) => line[at]?.length ?? 0))) ?? [];
    const lines = table.map((line) => line.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  '));
    return `\n  ${title}\n${lines.map((line) => `  ${line.trimEnd()}`).join('\n')}\n`;
  }
}
