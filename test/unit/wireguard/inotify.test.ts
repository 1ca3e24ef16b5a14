import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  inotifyProblem,
  problemOf,
  raisedLimit,
  raiseInstances,
} from '../../../src/wireguard/device/inotify.ts';

describe('the inotify instances of a node', () => {
  test('are said to be used up where they are, with what to do', () => {
    expect(problemOf(24)).toMatch(/no inotify instance left.*raise its fs\.inotify\.max_user_instances$/);
    expect(problemOf(1)).toBeUndefined();
  });

  test('are raised by a thousand, to a bound, and never lowered', () => {
    expect(raisedLimit(128)).toBe(1_152);
    expect(raisedLimit(16_000)).toBe(16_384);
    for (const high of [16_384, 100_000, Number.NaN]) expect(raisedLimit(high)).toBeUndefined();
  });

  describe('and where none is left', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'inotify-')), 'max_user_instances');
    const limit = () => Number(readFileSync(path, 'utf8'));
    const lackingBelow = (enough: number) => () => (limit() < enough ? 'none is left' : undefined);
    beforeEach(() => writeFileSync(path, '128\n'));
    afterAll(() => rmSync(dirname(path), { recursive: true }));

    test('there may be more', () => {
      expect(raiseInstances(path, lackingBelow(129))).toBe(1_152);
      expect(limit()).toBe(1_152);
    });

    test('nothing is raised where one is left, nor said to be where it did not help', () => {
      expect(raiseInstances(path, lackingBelow(100))).toBeUndefined();
      expect(limit()).toBe(128);
      expect(raiseInstances(path, () => 'none is left')).toBeUndefined();
    });

    test('what may not be written is left', () => {
      expect(raiseInstances('/proc/version', () => 'none is left')).toBeUndefined();
      expect(raiseInstances('/nowhere/at/all', () => 'none is left')).toBeUndefined();
    });
  });

  test('are left on a machine that runs tests', () => expect(inotifyProblem()).toBeUndefined());
});
