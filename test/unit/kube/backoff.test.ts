import fc from 'fast-check';
import { backoffMs, KubeApiError } from '../../../src/kube/index.ts';
import { retryDelayMs } from '../../../src/kube/retry.ts';

test('a backoff lies between half and all of its step, and below its cap, for any count', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const wait = backoffMs(failures, { baseMs: 5, maxMs: 60_000 }, () => random);
      const step = Math.min(5 * 2 ** Math.max(failures - 1, 0), 60_000);
      expect(wait).toBeGreaterThanOrEqual(step / 2);
      expect(wait).toBeLessThanOrEqual(step);
    }),
  );
});

describe('a request is sent again', () => {
  const half = () => 0.5;
  const error = (code: KubeApiError['code'], details: ConstructorParameters<typeof KubeApiError>[2] = {}) =>
    new KubeApiError(code, 'It failed.', details);
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

  test.each<[string, KubeApiError, boolean, boolean]>([
    ['after 429, also a create', error('TooManyRequests', { status: 429 }), false, true],
    ['after 503, also a create', error('Unavailable', { status: 503 }), false, true],
    ['after 502, what may happen twice', error('Unavailable', { status: 502 }), true, true],
    ['after 502, not a create', error('Unavailable', { status: 502 }), false, false],
    ['after a reset, what may happen twice', error('Unreachable', { cause: reset }), true, true],
    ['after a reset, not a create', error('Unreachable', { cause: reset }), false, false],
    ['after a refused connection, also a create', error('Unreachable', { cause: refused }), false, true],
    [
      'after all addresses refused, also a create',
      error('Unreachable', { cause: new AggregateError([refused, refused]) }),
      false,
      true,
    ],
    ['not after 500', error('ServerError', { status: 500 }), true, false],
    ['not after a conflict', error('Conflict', { status: 409 }), true, false],
    ['not after the time was over', error('Timeout'), true, false],
    [
      'not when the server asks for an hour',
      error('TooManyRequests', { retryAfterMs: 3_600_000 }),
      true,
      false,
    ],
  ])('%s', (_rule, failure, idempotent, again) => {
    expect(retryDelayMs(failure, 1, idempotent, half) !== undefined).toBe(again);
  });

  test('no sooner than the server asked', () => {
    const wait = retryDelayMs(error('TooManyRequests', { retryAfterMs: 2000 }), 1, true, half);
    expect(wait).toBeGreaterThanOrEqual(2000);
    expect(wait).toBeLessThan(3000);
  });

  test('six times at most', () => {
    expect(retryDelayMs(error('TooManyRequests'), 5, true, half)).toBeDefined();
    expect(retryDelayMs(error('TooManyRequests'), 6, true, half)).toBeUndefined();
  });
});
