/** Whether the search finds bugs at all: each of these is one, and must be found soon. */
import { jest } from '@jest/globals';
import { TOPICS } from '../generate/generate.ts';
import { found } from './found-within.ts';
import {
  allAreFenced,
  blindLedger,
  cacheIsRight,
  hastyLedger,
  type Mutant,
  nobodyIsCordoned,
  noQuarantine,
  nothingTaken,
  timelessPlacements,
} from './mutants.ts';

jest.setTimeout(120_000);

test.each<[string, Mutant, number]>([
  ['the ledger is written over what another process wrote', blindLedger, 300],
  ['a write of the ledger is answered before it is done', hastyLedger, 50],
  ['a Router that the cache lacks is gone, without asking', cacheIsRight, 300],
  ['what was handed over is never taken back', nothingTaken, 50],
  ['an address has no quarantine', noQuarantine, 100],
  ['of two placements none is the later', timelessPlacements, 300],
])('found: %s', async (_what, mutant, within) => {
  expect(await found(within, mutant)).toBeDefined();
});

const nodes = TOPICS.filter(({ name }) => name === 'nodes').map((topic) => ({ ...topic, share: 1 }));

test.each<[string, Mutant, number]>([
  ['tunnels of silent nodes that never said they fence themselves are given away', allAreFenced, 100],
  ['cordoned nodes keep their tunnels', nobodyIsCordoned, 100],
])('found where nodes come and go: %s', async (_what, mutant, within) => {
  expect(await found(within, mutant, nodes)).toBeDefined();
});
