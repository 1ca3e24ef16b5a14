import { expect, test } from '@jest/globals';
import { Lanes } from '../../../../src/gateway/lanes.ts';
import { lanesOf } from '../../../../src/gateway/profiles/lanes.ts';

const asked = { interfaceName: 'wg0', concurrency: 16, ofClass: undefined, tasks: [] };
const task = (profile: string, mode: 'apply' | 'hold', maxParallel?: number) => ({
  profile,
  mode,
  maxParallel,
});

test('a tunnel has three quarters of the places, and fewer where its class says so', () => {
  expect([...lanesOf(asked)]).toEqual([['tunnel wg0', 12]]);
  expect([...lanesOf({ ...asked, ofClass: 3 })]).toEqual([['tunnel wg0', 3]]);
  expect([...lanesOf({ ...asked, ofClass: 100 })]).toEqual([['tunnel wg0', 12]]);
  expect([...lanesOf({ ...asked, concurrency: 1 })]).toEqual([['tunnel wg0', 1]]);
});

test('a profile that says how many has a lane, while it may change the router', () => {
  const tasks = [task('a/one', 'apply', 2), task('a/two', 'apply'), task('a/three', 'hold', 1)];
  expect([...lanesOf({ ...asked, tasks }).keys()]).toEqual(['tunnel wg0', 'profile a/one']);
});

test('a place is taken in all lanes or in none, and given back in all', () => {
  const lanes = new Lanes();
  const one = new Map([
    ['tunnel wg0', 2],
    ['profile a/one', 1],
  ]);
  const leave = lanes.enter(one);
  expect(leave).toBeDefined();
  expect(lanes.enter(one)).toBeUndefined();
  // The one that was refused has taken nothing of the tunnel.
  const other = lanes.enter(new Map([['tunnel wg0', 2]]));
  expect(other).toBeDefined();
  expect(lanes.enter(new Map([['tunnel wg0', 2]]))).toBeUndefined();
  leave?.();
  expect(lanes.enter(one)).toBeDefined();
});
