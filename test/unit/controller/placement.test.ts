import fc from 'fast-check';
import { chooseNode } from '../../../src/controller/placement.ts';
import { tunnelClass } from './fixtures.ts';

const gateway = fc.record({
  node: fc.constantFrom('n1', 'n2', 'n3', 'n4'),
  labels: fc.option(fc.dictionary(fc.constantFrom('edge', 'zone'), fc.constantFrom('true', 'b')), {
    nil: undefined,
  }),
  alive: fc.boolean(),
  load: fc.nat({ max: 3 }),
});
const gateways = fc.uniqueArray(gateway, { selector: ({ node }) => node });

const anywhere = tunnelClass('anywhere');
const edge = tunnelClass('edge', { gateway: { nodeSelector: { edge: 'true' } } });
const node = (name: string, load: number, more = {}) => ({
  node: name,
  labels: {},
  alive: true,
  load,
  ...more,
});

test('the node with the fewest tunnels is chosen, by name where there are several', () => {
  const nodes = [node('c', 1), node('b', 1), node('a', 2)];
  expect(chooseNode(anywhere, nodes, undefined)).toEqual({ node: 'b' });
});

test('the node that was meant is kept while it can take the tunnel, however full', () => {
  expect(chooseNode(anywhere, [node('a', 0), node('b', 9)], 'b')).toEqual({ node: 'b' });
  expect(chooseNode(anywhere, [node('a', 0), node('b', 9, { alive: false })], 'b')).toEqual({ node: 'a' });
  expect(chooseNode(edge, [node('a', 0, { labels: { edge: 'true' } }), node('b', 9)], 'b')).toEqual({
    node: 'a',
  });
});

test('without a node that fits, the remedy names the selector', () => {
  expect(chooseNode(edge, [node('a', 0)], undefined)).toEqual({
    refused: { reason: 'NoGateway', message: expect.stringContaining('No node with labels edge=true') },
  });
  expect(chooseNode(anywhere, [], undefined)).toEqual({
    refused: { reason: 'NoGateway', message: expect.stringMatching(/^No node has a running gateway agent;/) },
  });
});

test('a node that is dead, unknown or not selected is never chosen, and one that fits always is', () => {
  fc.assert(
    fc.property(gateways, fc.option(fc.constantFrom('n1', 'n2'), { nil: undefined }), (all, preferred) => {
      const fits = all.filter(({ alive, labels }) => alive && labels?.edge === 'true').map((one) => one.node);
      const chosen = chooseNode(edge, all, preferred);
      if ('node' in chosen) expect(fits).toContain(chosen.node);
      else expect(fits).toEqual([]);
      if (preferred !== undefined && fits.includes(preferred)) expect(chosen).toEqual({ node: preferred });
    }),
  );
});
