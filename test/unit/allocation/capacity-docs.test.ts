import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { routerOffsets } from '../../../src/allocation/geometry.ts';
import { parseNetwork } from '../../../src/allocation/ipv4.ts';
import { subnetsIn } from '../../../src/allocation/pools.ts';
import { LONGEST_TUNNEL_PREFIX, SHORTEST_TUNNEL_PREFIX } from '../../../src/api/index.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'capacity.md'), 'utf8');
const numbers = (line: string): number[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => Number.parseInt(cell.replaceAll(',', ''), 10));
const rows = text
  .split('\n')
  .filter((line) => /^\| \d\d /.test(line))
  .map(numbers);

test('docs/capacity.md counts routers and tunnels as the program does, from the shortest to the longest', () => {
  expect([rows[0]?.[0], rows.at(-1)?.[0]]).toEqual([SHORTEST_TUNNEL_PREFIX, LONGEST_TUNNEL_PREFIX]);
  for (const row of rows) {
    const [prefixLength = 0] = row;
    const { first, last } = routerOffsets(parseNetwork(`10.0.0.0/${prefixLength}`));
    const tunnels = ['10.0.0.0/8', '172.16.0.0/12', '10.9.0.0/16'].map((cidr) =>
      subnetsIn({ network: parseNetwork(cidr), prefixLength }),
    );
    expect(row).toEqual([prefixLength, last - first + 1, ...tunnels]);
  }
});
