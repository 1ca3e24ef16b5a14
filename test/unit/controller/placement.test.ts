import fc from 'fast-check';
import { chooseNode, type Gateway } from '../../../src/controller/placement.ts';
import { tunnelClass } from './fixtures.ts';

const SENTENCE = 'The node has neither kernel WireGuard nor /dev/net/tun; load the module.';

const gateway = fc.record({
  node: fc.constantFrom('n1', 'n2', 'n3', 'n4'),
  labels: fc.dictionary(fc.constantFrom('edge', 'zone'), fc.constantFrom('true', 'b')),
  alive: fc.boolean(),
  problem: fc.option(fc.constant(SENTENCE), { nil: undefined }),
  isCordoned: fc.boolean(),
  load: fc.nat({ max: 3 }),
  ofClass: fc.nat({ max: 3 }),
});
const gateways = fc.uniqueArray(gateway, { selector: ({ node }) => node });

const anywhere = tunnelClass('anywhere');
const edge = tunnelClass('edge', { gateway: { nodeSelector: { edge: 'true' } } });
const node = (name: string, load: number, more: Partial<Gateway> = {}): Gateway => ({
  node: name,
  labels: {},
  alive: true,
  problem: undefined,
  isCordoned: false,
  load,
  ofClass: 0,
  ...more,
});
const onEdge = { labels: { edge: 'true' } };
const refusal = (tunnelClass: typeof edge, nodes: readonly Gateway[]): string => {
  const chosen = chooseNode(tunnelClass, nodes, undefined);
  if (!('refused' in chosen)) throw new Error(`It was placed on ${chosen.node}.`);
  expect(chosen.refused.reason).toBe('NoGateway');
  return chosen.refused.message;
};

test('the node with the fewest tunnels is chosen, by name where there are several', () => {
  const nodes = [node('c', 1), node('b', 1), node('a', 2)];
  expect(chooseNode(anywhere, nodes, undefined)).toEqual({ node: 'b' });
});

test('the node that was meant is kept while it can take the tunnel, however full', () => {
  const chosen = (nodes: readonly Gateway[], tunnelClass = anywhere) => chooseNode(tunnelClass, nodes, 'b');
  expect(chosen([node('a', 0), node('b', 9)])).toEqual({ node: 'b' });
  expect(chosen([node('a', 0), node('b', 9, { alive: false })])).toEqual({ node: 'a' });
  expect(chosen([node('a', 0), node('b', 9, { problem: SENTENCE })])).toEqual({ node: 'a' });
  expect(chosen([node('a', 0, onEdge), node('b', 9)], edge)).toEqual({ node: 'a' });
});

test('tunnels of a class that keeps them together go where the most of them are, while that can take them', () => {
  const together = tunnelClass('together', { gateway: { nodeSelector: {}, placement: 'Together' } });
  const nodes = [node('a', 1), node('b', 9, { ofClass: 4 }), node('c', 9, { ofClass: 5, alive: false })];
  expect(chooseNode(together, nodes, undefined)).toEqual({ node: 'b' });
  expect(chooseNode(anywhere, nodes, undefined)).toEqual({ node: 'a' });
  expect(chooseNode(together, [node('a', 2), node('b', 1)], undefined)).toEqual({ node: 'b' });
});

test('a cordoned node gets what no other can take', () => {
  const cordoned = node('a', 0, { isCordoned: true });
  expect(chooseNode(anywhere, [cordoned, node('b', 9)], 'a')).toEqual({ node: 'b' });
  expect(chooseNode(anywhere, [cordoned, node('b', 9, { alive: false })], undefined)).toEqual({ node: 'a' });
});

describe('without a node that fits', () => {
  test('for want of labels, the selector and its class are named', () => {
    expect(refusal(edge, [node('a', 0)])).toBe(
      'No node has the labels edge=true, which the nodeSelector of TunnelClass edge asks for: label a gateway node so, or correct the class.',
    );
    expect(refusal(anywhere, [])).toBe('The cluster has no node.');
  });

  test('for want of agents, up to three of the nodes are named', () => {
    const silent = (...names: string[]) => names.map((name) => node(name, 0, { ...onEdge, alive: false }));
    expect(refusal(edge, [...silent('a'), node('b', 0)])).toMatch(
      /^Node a: has the labels edge=true, but no gateway agent runs there\. See the pods of the DaemonSet/,
    );
    expect(refusal(edge, silent('d', 'c', 'e', 'b', 'a'))).toMatch(
      /^Nodes a, b, c and 2 more: have the labels/,
    );
    expect(refusal(anywhere, silent('a', 'b'))).toMatch(/^Nodes a, b: no gateway agent runs there\./);
  });

  test('for want of WireGuard, the first node and its own sentence are told, and how many more there are', () => {
    const troubled = node('b', 0, { ...onEdge, problem: SENTENCE });
    const silent = node('a', 0, { ...onEdge, alive: false, problem: 'Long ago.' });
    expect(refusal(edge, [silent, troubled])).toBe(`Node b can carry no tunnel: ${SENTENCE}`);
    expect(refusal(edge, [{ ...troubled, node: 'c' }, troubled])).toBe(
      `Node b can carry no tunnel: ${SENTENCE} So it is with 1 more.`,
    );
  });
});

test('a node that is dead, troubled or not selected is never chosen, and one that fits always is', () => {
  fc.assert(
    fc.property(gateways, fc.option(fc.constantFrom('n1', 'n2'), { nil: undefined }), (all, preferred) => {
      const fits = all
        .filter(({ alive, labels, problem }) => alive && problem === undefined && labels.edge === 'true')
        .map((one) => one.node);
      const chosen = chooseNode(edge, all, preferred);
      if ('node' in chosen) expect(fits).toContain(chosen.node);
      else expect(fits).toEqual([]);
      const isCordoned = (name: string) => all.some((one) => one.node === name && one.isCordoned);
      const isFree = fits.some((name) => !isCordoned(name));
      if ('node' in chosen && isFree) expect(isCordoned(chosen.node)).toBe(false);
      if (preferred !== undefined && fits.includes(preferred) && !(isCordoned(preferred) && isFree))
        expect(chosen).toEqual({ node: preferred });
    }),
  );
});
