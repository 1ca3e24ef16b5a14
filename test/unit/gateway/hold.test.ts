/** Whether a node's tunnels may speak: the two promises, and where they pull apart. */
import fc from 'fast-check';
import { FENCE_MS, isUntouched, type Rival, speaksUntil } from '../../../src/gateway/hold.ts';

const NEVER = Number.NEGATIVE_INFINITY;
const LEASE_MS = 7000;

test('without another gateway, or with others that are silent, it counts from the last renewal', () => {
  expect(speaksUntil({ renewedAt: 0, rivals: [] })).toBe(FENCE_MS);
  const silent = { answeredAt: NEVER, contactAt: NEVER };
  expect(speaksUntil({ renewedAt: 0, rivals: [silent] })).toBe(FENCE_MS);
});

test('while all others answer that they reach nobody either, it speaks on, however long the API server is away', () => {
  const now = 3_600_000;
  const cut = { answeredAt: now - 300, contactAt: 100 };
  expect(speaksUntil({ renewedAt: 0, rivals: [cut, cut] })).toBeGreaterThan(now + 5000);
  expect(speaksUntil({ renewedAt: 0, rivals: [cut, { ...cut, answeredAt: NEVER }] })).toBe(FENCE_MS);
});

test('while another reaches the API server, its answer counts for two seconds', () => {
  const now = 60_000;
  const lucky = { answeredAt: now - 300, contactAt: now - 1000 };
  expect(speaksUntil({ renewedAt: 0, rivals: [lucky] })).toBe(now - 300 + 2000);
});

test('a gateway is taken for cut off no sooner than the controller calls its renewal overdue', () => {
  const OVERDUE_MS = 0.6 * LEASE_MS;
  const answeredAt = 60_000;
  const rival = { answeredAt, contactAt: answeredAt - OVERDUE_MS - 500 };
  expect(speaksUntil({ renewedAt: 0, rivals: [rival] })).toBe(answeredAt + 2000);
});

test('after it was silent it speaks again by itself only if nobody can have been given anything', () => {
  const now = 30_000;
  const untouched = (rivals: Rival[]) => isUntouched({ now, renewedAt: 0, rivals });
  expect(untouched([{ answeredAt: now - 300, contactAt: LEASE_MS - 1 }])).toBe(true);
  expect(untouched([{ answeredAt: now - 300, contactAt: LEASE_MS }])).toBe(false);
  expect(untouched([{ answeredAt: now - 3000, contactAt: 0 }])).toBe(false);
});

test('with a rival that does not answer nobody speaks longer than the Lease holds', () => {
  const time = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(time, fc.array(fc.record({ answeredAt: time, contactAt: time })), (renewedAt, others) => {
      const mute = { answeredAt: NEVER, contactAt: NEVER };
      expect(speaksUntil({ renewedAt, rivals: [...others, mute] })).toBeLessThan(renewedAt + LEASE_MS);
    }),
  );
});
