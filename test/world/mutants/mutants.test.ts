/** Whether the search finds bugs at all: each of these is one, and must be found soon. */
import { jest } from '@jest/globals';
import { found } from './found-within.ts';
import {
  blindLedger,
  cacheIsRight,
  hastyLedger,
  type Mutant,
  noQuarantine,
  nothingTaken,
} from './mutants.ts';

jest.setTimeout(120_000);

test.each<[string, Mutant, number]>([
  ['the ledger is written over what another process wrote', blindLedger, 300],
  ['a write of the ledger is answered before it is done', hastyLedger, 50],
  ['a Router that the cache lacks is gone, without asking', cacheIsRight, 300],
  ['what was handed over is never taken back', nothingTaken, 50],
  ['an address has no quarantine', noQuarantine, 100],
])('found: %s', async (_what, mutant, within) => {
  expect(await found(within, mutant)).toBeDefined();
});
