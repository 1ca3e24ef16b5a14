/** Were a router to use a key of its own that does not stand in the ledger, the search must find that nobody knows it. */
import { jest } from '@jest/globals';
import { TOPICS } from '../generate/generate.ts';
import { PASSWORD_TOPICS } from '../generate/passwords.ts';
import { found } from './found-within.ts';
import { unrecordedKeys } from './mutants.ts';

jest.setTimeout(120_000);

const connections = TOPICS.filter(({ name }) => name === 'connections').map((topic) => ({
  ...topic,
  share: 1,
}));

test('found: keys that routers have made are let in, and never stand in the ledger', async () => {
  const topics = [...PASSWORD_TOPICS, ...connections];
  expect((await found(30, unrecordedKeys, topics))?.invariant).toBe('11 keys');
});
