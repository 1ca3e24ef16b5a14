/** Were a router given a password that does not stand in the ledger, the search must find that nobody knows it. */
import { jest } from '@jest/globals';
import { TOPICS } from '../generate/generate.ts';
import { PASSWORD_TOPICS } from '../generate/passwords.ts';
import { found } from './found-within.ts';
import { foreignPasswords } from './mutants.ts';

jest.setTimeout(120_000);

const connections = TOPICS.filter(({ name }) => name === 'connections').map((topic) => ({
  ...topic,
  share: 1,
}));

test('found: routers are handed over with a next password that is not the ledger’s', async () => {
  const topics = [...PASSWORD_TOPICS, ...connections];
  expect((await found(30, foreignPasswords, topics))?.invariant).toBe('10 passwords');
});
