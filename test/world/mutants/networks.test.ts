/** Were every Router granted whatever network it asks for, the search must find two that have the same. */
import { jest } from '@jest/globals';
import type { Router } from '../../../src/api/index.ts';

jest.setTimeout(120_000);

test('found: a network goes to each Router that asks for it', async () => {
  const original = await import('../../../src/controller/router-subnets.ts');
  jest.unstable_mockModule('../../../src/controller/router-subnets.ts', () => ({
    ...original,
    subnetsOf: (_world: unknown, { spec }: Router) => ({ granted: spec.subnets ?? [], refused: [] }),
  }));
  const { found } = await import('./found-within.ts');
  expect((await found(100))?.invariant).toBe('4 networks');
});
