import { describe, expect, test } from '@jest/globals';
import { AddressPool } from '../../testbed/addresses.ts';

describe('addresses of the test internet', () => {
  test('are handed out once each, NAT routers spilling into a larger range', () => {
    const pool = new AddressPool();
    const taken = new Set(Array.from({ length: 1000 }, () => pool.take('nat').address));
    expect(taken.size).toBe(1000);
    expect(taken.has('203.0.113.2')).toBe(true);
    expect(taken.has('198.18.0.2')).toBe(true);
    expect(taken.has('203.0.113.1')).toBe(false);
  });

  test('come back only after all others, so that a new one is really new', () => {
    const pool = new AddressPool();
    const { address } = pool.take('host');
    pool.release(address);
    expect(pool.take('host').address).not.toBe(address);
  });

  test('run out in one sentence', () => {
    const pool = new AddressPool();
    for (let count = 0; count < 253; count += 1) pool.take('host');
    expect(() => pool.take('host')).toThrow('no host address left');
  });

  test('may be chosen where they are free', () => {
    const pool = new AddressPool();
    expect(pool.claim('203.0.113.77')).toEqual({
      address: '203.0.113.77',
      prefixLength: 24,
      gateway: '203.0.113.1',
    });
    expect(() => pool.claim('203.0.113.77')).toThrow('already taken');
    expect(() => pool.claim('8.8.8.8')).toThrow('not of the test internet');
  });
});
