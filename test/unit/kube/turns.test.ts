import fc from 'fast-check';
import { Turns } from '../../../src/kube/turns.ts';
import { PlainTurns } from './plain-turns.ts';

function turns(keys: string[], batch?: number): Turns {
  const made = new Turns(batch);
  for (const key of keys) made.join(key, key.slice(0, 1));
  return made;
}
const calls = (made: Turns, count: number): (string | undefined)[] =>
  Array.from({ length: count }, () => made.call()[0]);

test('flows go round: ten keys are called while a flow of thousands waits', () => {
  const made = turns(Array.from({ length: 3000 }, (_, i) => `a${i}`));
  calls(made, 10);
  for (let i = 0; i < 10; i++) made.join(`b${i}`, 'b');
  const called = calls(made, 30);
  expect(called.filter((key) => key?.startsWith('b'))).toHaveLength(10);
  // Nor does the large one wait for the small one.
  expect(called.slice(0, 6).filter((key) => key?.startsWith('a')).length).toBeGreaterThan(0);
});

test('the oldest is called in the end, however many come, in its flow and in new ones', () => {
  const patient = turns(['a-oldest', 'b1']);
  const called = Array.from({ length: 12 }, (_, i) => {
    patient.join(`a${i}`, 'a');
    patient.join(`${i}`, `new ${i}`);
    return patient.call()[0];
  });
  expect(called).toEqual(expect.arrayContaining(['a-oldest', 'b1']));
});

test('a turn calls a batch of one flow, from one end, or as many as there are', () => {
  const made = turns(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'c1', 'b4', 'a5'], 2);
  expect(Array.from({ length: 6 }, () => made.call())).toEqual([
    ['a1', 'a2'],
    ['c1'],
    ['a5', 'a4'],
    ['b1', 'b2'],
    ['b3', 'b4'],
    ['a3'],
  ]);
  expect(made.call()).toEqual([]);
});

test('who brings little now and then is not behind flows that are empty for a moment', () => {
  const made = new Turns(16);
  let serial = 0;
  const pipeline = (): void => {
    for (let flow = 0; flow < 20; flow++) made.join(`k${++serial}`, `flow ${flow}`);
  };
  for (let i = 0; i < 10; i++) pipeline();
  for (let pass = 0; pass < 8; pass++) {
    made.join('single', 'other');
    const called: string[] = [];
    for (let i = 0; i < 3; i++) {
      called.push(...made.call());
      // As many come as are called.
      if (i < 2) pipeline();
    }
    expect(called).toContain('single');
  }
});

test('whoever has left is not called', () => {
  const made = turns(['a1', 'a2', 'b1']);
  made.leave('a1');
  made.leave('b1');
  made.leave('stranger');
  expect(calls(made, 3)).toEqual(['a2', undefined, undefined]);
  expect(made.isEmpty).toBe(true);
});

test('the rule holds for any sequence of comers and goers', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ join: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ leave: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.constant('call' as const) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 200 }), (batch, steps) => {
      const [made, plain] = [new Turns(batch), new PlainTurns(batch)];
      for (const one of steps) {
        if (one === 'call') expect(made.call()).toEqual(plain.call());
        else if ('leave' in one) for (const each of [made, plain]) each.leave(`k${one.leave}`);
        else if (!plain.waiting.some(({ key }) => key === `k${one.join}`)) {
          for (const each of [made, plain]) each.join(`k${one.join}`, `flow ${one.join % 7}`);
        }
      }
      while (!made.isEmpty) expect(made.call()).toEqual(plain.call());
      expect(plain.call()).toEqual([]);
    }),
  );
});
