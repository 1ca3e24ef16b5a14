/** A rule of the controller's own left out: whatever is in the cache is taken for what is stored. */
import { jest } from '@jest/globals';

const path = '../../../src/controller/stray-claims.ts';
const { strayClaims, losesKey } = await import(path);
jest.resetModules();
jest.unstable_mockModule(path, () => ({ strayClaims, losesKey, isCurrent: () => Promise.resolve(true) }));
const { TOPICS } = await import('../generate/generate.ts');
const { found } = await import('./found-within.ts');

jest.setTimeout(120_000);

test('found: what a Router has elsewhere is released on the word of the cache', async () => {
  const topics = TOPICS.filter(({ name }) => ['leaders', 'weather', 'moves'].includes(name));
  const always = topics.map((topic) => ({ ...topic, share: 1 }));
  expect(await found(300, undefined, always)).toBeDefined();
});
