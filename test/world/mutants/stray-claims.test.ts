/** A rule of the controller's own left out: whatever is in the cache is taken for what is stored. */
import { jest } from '@jest/globals';

const path = '../../../src/controller/stray-claims.ts';
const { strayClaims, losesKey } = await import(path);
jest.resetModules();
jest.unstable_mockModule(path, () => ({ strayClaims, losesKey, isCurrent: () => Promise.resolve(true) }));
const { found } = await import('./found-within.ts');

jest.setTimeout(120_000);

test('found: what a Router has elsewhere is released on the word of the cache', async () => {
  expect(await found(400)).toBeDefined();
});
