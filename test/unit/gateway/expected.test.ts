import { Expected } from '../../../src/gateway/expected.ts';

const PATIENCE = 3_000;

describe('who is expected', () => {
  test('is whoever was heard last, until all have arrived', () => {
    const expected = new Expected();
    expect(expected.lastAt).toBe(Number.NEGATIVE_INFINITY);
    expected.hear('a', 100);
    expected.hear('b', 200);
    expect(expected.lastAt).toBe(200);
    expected.settle((key) => key === 'b', 300, PATIENCE);
    expect(expected.lastAt).toBe(100);
    expected.settle((key) => key === 'a', 400, PATIENCE);
    expect(expected.lastAt).toBe(Number.NEGATIVE_INFINITY);
  });

  test('is nobody who did not come within patience, known or not', () => {
    const expected = new Expected();
    expected.hear(null, 100);
    expected.hear('a', 200);
    expected.settle(() => false, 3_099, PATIENCE);
    expect(expected.lastAt).toBe(200);
    expected.settle(() => false, 3_100, PATIENCE);
    expect(expected.lastAt).toBe(200);
    expected.settle(() => false, 3_200, PATIENCE);
    expect(expected.lastAt).toBe(Number.NEGATIVE_INFINITY);
  });

  test('who tries again is expected anew', () => {
    const expected = new Expected();
    expected.hear('a', 100);
    expected.hear('a', 2_000);
    expected.settle(() => false, 3_500, PATIENCE);
    expect(expected.lastAt).toBe(2_000);
  });
});
