import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from '@jest/globals';
import { tell } from '../processes/field.ts';

/** A figure with its unit in its name, e.g. `{ lostPackets: 0 }`. */
export type Figures = Record<string, string | number>;

/**
 * Shows what was measured and decides nothing: a line among those of the test runner and, where `E2E_REPORT` names a
 * file, a line of JSON in it: `{"file","topic","line", …figures}`.
 */
export function report(topic: string, line: string, figures: Figures = {}): void {
  tell(`${topic}: ${line}`);
  const path = process.env.E2E_REPORT;
  if (path === undefined) return;
  const file = basename(expect.getState().testPath ?? '');
  appendFileSync(path, `${JSON.stringify({ file, topic, line, ...figures })}\n`);
}

/** Rows of cells, the first the heading, each column as wide as its widest cell. */
export function reportTable(topic: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    report(topic, line.trimEnd());
  }
}

/** For {@link report}: `1.2 s`. */
export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
