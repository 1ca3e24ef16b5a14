import { ExpiringCache } from '../../../../src/gateway/relay/expiring-cache.ts';
import { Quota } from '../../../../src/gateway/relay/quota.ts';
import { RateLimit } from '../../../../src/gateway/relay/rate-limit.ts';
import { FakeClock } from '../../kube/fake-clock.ts';

describe('a cache', () => {
  test('forgets what is too old', async () => {
    const clock = new FakeClock();
    const cache = new ExpiringCache<number>(10, clock);
    cache.set('a', 1, 1_000);
    cache.set('gone', 2, 0);
    expect([cache.get('a'), cache.get('gone'), cache.size]).toEqual([1, undefined, 1]);
    await clock.advance(999);
    expect(cache.get('a')).toBe(1);
    await clock.advance(1);
    expect([cache.get('a'), cache.size]).toEqual([undefined, 0]);
  });

  test('never grows beyond its bound: the oldest goes', () => {
    const cache = new ExpiringCache<number>(3, new FakeClock());
    for (let key = 0; key < 100; key += 1) cache.set(String(key), key, 60_000);
    expect([cache.size, cache.get('96'), cache.get('97'), cache.get('99')]).toEqual([3, undefined, 97, 99]);
    cache.set('97', 0, 60_000);
    cache.set('100', 100, 60_000);
    expect([cache.get('97'), cache.get('98')]).toEqual([0, undefined]);
  });
});

describe('a rate', () => {
  test('lets a burst through, then so many a second, by key', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit({ perSecond: 2, burst: 3 }, clock);
    const taken = (key: string, tries: number): number =>
      Array.from({ length: tries }, () => limit.take(key)).filter((isWithin) => isWithin).length;
    expect([taken('a', 10), taken('b', 10)]).toEqual([3, 3]);
    await clock.advance(1_000);
    expect([taken('a', 10), taken('b', 1)]).toEqual([2, 1]);
    await clock.advance(3_600_000);
    expect(taken('a', 10)).toBe(3);
  });

  test('remembers who asked last of all who ask', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 }, new FakeClock(), 2);
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map((key) => limit.take(key))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('places for streams', () => {
  const keys = (tunnel: string, caller: string) => ({ tunnel, caller });

  test('are counted in all, by tunnel and by caller, and each is given back once', () => {
    const quota = new Quota({ total: 4, perTunnel: 3, perCaller: 2 });
    const release = quota.take(keys('wg0', 'a'));
    quota.take(keys('wg0', 'a'));
    expect(() => quota.take(keys('wg1', 'a'))).toThrow(/all 2 places of a/);
    quota.take(keys('wg0', 'b'));
    expect(() => quota.take(keys('wg0', 'c'))).toThrow(/all 3 places of this tunnel/);
    quota.take(keys('wg1', 'c'));
    expect(() => quota.take(keys('wg2', 'd'))).toThrow(expect.objectContaining({ status: 503 }));
    release();
    release();
    expect(quota.total).toBe(3);
    quota.take(keys('wg0', 'a'));
    expect(() => quota.take(keys('wg3', 'e'))).toThrow(/all 4 places of this relay/);
  });
});
