/** Bugs on purpose in what leads routers to tunnels: each must be found soon. */
import { jest } from '@jest/globals';
import { withEndpoints } from '../endpoints.ts';
import { TOPICS } from '../generate/generate.ts';
import { found } from './found-within.ts';
import { balancersStay, type Mutant, recordsStand } from './mutants.ts';

jest.setTimeout(120_000);

const nodes = TOPICS.map((topic) => (topic.name === 'nodes' ? { ...topic, share: 1 } : topic));

test.each<[string, Mutant, number]>([
  ['a record stays at the node where its tunnel was', recordsStand, 100],
  ['a load balancer stays when its tunnel goes', balancersStay, 100],
])('found: %s', async (_what, mutant, within) => {
  expect(await found(within, mutant, nodes, withEndpoints)).toMatchObject({
    invariant: expect.stringMatching(/^(9 served|3 leak)$/),
  });
});
