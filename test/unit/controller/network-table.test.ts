import fc from 'fast-check';
import { type Network, overlaps, sizeOf } from '../../../src/allocation/ipv4.ts';
import { NetworkTable } from '../../../src/controller/network-table.ts';

/** Few first addresses and every length, so that networks meet. */
const network = fc
  .tuple(fc.integer({ min: 8, max: 32 }), fc.constantFrom(0x0a000000, 0x0a000100, 0x0a640000, 0x0aff_ffff))
  .map(([length, address]): Network => ({ base: address - (address % sizeOf(length)), length }));
const owner = fc.constantFrom('a', 'b', 'c', 'd');
const scope = fc.constantFrom('one', 'two');
const settings = fc.array(fc.tuple(owner, scope, fc.array(network, { maxLength: 4 })), { maxLength: 30 });

const text = ({ owner: name, base, length }: Network & { owner: string }): string =>
  `${name} ${base}/${length}`;

test('finds who overlaps a network, whatever was set before, and nobody of another scope', () => {
  fc.assert(
    fc.property(settings, scope, network, (list, where, asked) => {
      const table = new NetworkTable();
      const model = new Map<string, { scope: string; networks: Network[] }>();
      for (const [name, place, networks] of list) {
        table.set(name, place, networks);
        model.set(name, { scope: place, networks });
      }
      const expected = [...model].flatMap(([name, { scope: place, networks }]) =>
        place === where
          ? networks.filter((one) => overlaps(one, asked)).map((one) => text({ ...one, owner: name }))
          : [],
      );
      expect([...table.overlapping(where, asked)].map(text).sort()).toEqual(expected.sort());
    }),
    { numRuns: 500 },
  );
});

test('takes 20,000 routers in and tells of one without looking at them all', () => {
  const table = new NetworkTable();
  for (let i = 0; i < 20_000; i += 1)
    table.set(`a/r${i}`, 'one', [{ base: 0x0a000000 + i * 256, length: 24 }]);
  const found = [...table.overlapping('one', { base: 0x0a000000 + 777 * 256, length: 25 })];
  expect(found.map((one) => one.owner)).toEqual(['a/r777']);
});
