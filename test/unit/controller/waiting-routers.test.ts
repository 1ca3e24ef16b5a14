import { WaitingRouters } from '../../../src/controller/waiting-routers.ts';

test('routers wait in the order in which they came, each for one tunnel', () => {
  const waiting = new WaitingRouters();
  expect(['a/1', 'a/2', 'a/3'].map((router) => waiting.add(0, router))).toEqual([1, 2, 3]);
  expect(waiting.add(7, 'b/1')).toBe(1);
  expect(waiting.take(0, 2)).toEqual(['a/1', 'a/2']);
  expect([waiting.count(0), waiting.count(7), waiting.count(8)]).toEqual([1, 1, 0]);
  expect(waiting.take(0, 5)).toEqual(['a/3']);
  expect(waiting.take(0, 5)).toEqual([]);
});

test('one that asks again goes to the end, one that moves waits there, one that goes is forgotten', () => {
  const waiting = new WaitingRouters();
  for (const router of ['a', 'b', 'c']) waiting.add(0, router);
  waiting.add(0, 'a');
  waiting.add(1, 'b');
  waiting.remove('c');
  waiting.remove('nobody');
  expect([waiting.take(0, 9), waiting.take(1, 9)]).toEqual([['a'], ['b']]);
});
