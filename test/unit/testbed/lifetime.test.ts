import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OwnedDirectory, ownedDirectory, sweep } from '../../testbed/lifetime.ts';

let owned: OwnedDirectory;
let witness: string;

beforeEach(() => {
  witness = mkdtempSync(join(tmpdir(), 'tto-witness-'));
  owned = ownedDirectory('lifetime');
  for (const step of ['made first', 'made last'])
    owned.undoBy(['sh', '-c', 'echo "$0" >> "$1"', step, join(witness, 'undone')]);
});
afterEach(() => {
  owned.remove();
  rmSync(witness, { recursive: true });
});

const undone = (): string => readFileSync(join(witness, 'undone'), 'utf8');

test('what others made is undone with the directory, the last first', () => {
  owned.remove();
  expect(undone()).toBe('made last\nmade first\n');
  expect(existsSync(owned.path)).toBe(false);
});

test('the next start does it for an owner that died', () => {
  writeFileSync(join(owned.path, 'owner.json'), JSON.stringify({ pid: process.pid, startTime: 'another' }));
  sweep();
  expect(undone()).toBe('made last\nmade first\n');
  expect(existsSync(owned.path)).toBe(false);
});

test('and leaves alone what belongs to one that lives', () => {
  sweep();
  expect(existsSync(join(witness, 'undone'))).toBe(false);
  expect(existsSync(owned.path)).toBe(true);
});
