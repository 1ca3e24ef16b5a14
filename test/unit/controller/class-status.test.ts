import { planClassStatus } from '../../../src/controller/class-status.ts';
import { NOW, tunnelClass } from './fixtures.ts';

test('a class that can be used says so, and how many tunnels live by it', () => {
  expect(planClassStatus(tunnelClass('standard'), 3, NOW)).toEqual({
    observedGeneration: 1,
    tunnels: 3,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Accepted',
        message: 'Tunnels can be made from this class.',
        observedGeneration: 1,
        lastTransitionTime: '2026-01-02T03:04:05Z',
      },
    ],
  });
});

test.each([
  [
    [
      { cidr: '10.0.0.0/8', prefixLength: 16 },
      { cidr: '10.3.0.0/16', prefixLength: 20 },
    ],
    /overlap/,
  ],
  [[{ cidr: '10.3.7.0/16', prefixLength: 16 }], /host bits/],
])('pools that cannot be used are named: %j', (pools, text) => {
  const [ready] = planClassStatus(tunnelClass('standard', { pools }), 0, NOW).conditions ?? [];
  expect(ready).toMatchObject({
    status: 'False',
    reason: 'InvalidPool',
    message: expect.stringMatching(text),
  });
});
