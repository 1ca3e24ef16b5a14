/** A move to another endpoint that is cut off at any sentence: the router is at the one or at the other, and reached there. */
import { jest } from '@jest/globals';
import { ROUTER_ACTS_WITHIN_MS, settleUndo } from '../../../../src/routeros/undo/index.ts';
import { TCP_TIMEOUT_MS } from '../../../simulator/desk/link.ts';
import type { DeskOptions } from '../../../simulator/desk/router.ts';
import { holdTime, pass, reconnect, wait } from '../undo/desk.ts';
import { KINDS, type Kind, Strike } from '../undo/strike.ts';
import { type Host, made, move, site } from './world.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

async function attempt(
  options: DeskOptions,
  [from, to]: readonly [Host, Host],
  kind?: Kind,
  at = -1,
  side: 'client' | 'server' = 'client',
) {
  const here = site(options, from, to);
  const { router } = here;
  await wait(40_000);
  const before = made(router);
  const strike = new Strike(router, { kind, at, side });
  const { open } = strike;
  strike.begin();
  const outcome = await move(here, to, open).catch((error: unknown) => ({ state: 'Threw' as const, error }));
  strike.end();
  const { sentences, cutAt } = strike;
  return { router, before, sentences, outcome, cutAt };
}

/** `make unit` tries some of the sentences; CUTS=all each of them. */
const isWhole = process.env.CUTS === 'all';
const ROUTERS: readonly [string, DeskOptions, readonly [Host, Host]][] = [
  ['7.9.2, from a name to an address', { version: '7.9.2' }, ['name', 'other ipv4']],
  [
    '7.16.2 with device-mode home, from an address to a name',
    { version: '7.16.2', deviceMode: 'home' },
    ['ipv4', 'other name'],
  ],
  ['7.24, from a name to another', { version: '7.24' }, ['name', 'other name']],
];

describe.each(ROUTERS)('on RouterOS %s', (name, options, pair) => {
  test.each(KINDS)(
    '%s',
    async (kind) => {
      const whole = await attempt(options, pair);
      expect(whole.outcome.state).toBe('Kept');
      const after = made(whole.router);
      expect(after).not.toEqual(whole.before);
      await pass(whole.router.stop());
      const ends: Record<string, number> = {};
      let cases = 0;
      for (let at = 0; at < whole.sentences; at += isWhole ? 1 : 3) {
        for (const side of ['client', 'server'] as const) {
          const { router, before, outcome, cutAt } = await attempt(options, pair, kind, at, side);
          if (cutAt === 0) continue;
          cases += 1;
          (await pass(reconnect(router), ROUTER_ACTS_WITHIN_MS)).close();
          expect(Date.now() - cutAt).toBeLessThanOrEqual(ROUTER_ACTS_WITHIN_MS);
          await wait(Math.max(1, cutAt + ROUTER_ACTS_WITHIN_MS - Date.now()));
          const last = await pass(reconnect(router));
          const { found } = await pass(settleUndo(last));
          last.close();
          const now = JSON.stringify(made(router));
          const isBefore = now === JSON.stringify(before);
          expect(isBefore || now === JSON.stringify(after)).toBe(true);
          if (outcome.state === 'Kept') expect(isBefore).toBe(false);
          if (outcome.state === 'Undone' || outcome.state === 'Refused') expect(isBefore).toBe(true);
          if (found === 'Busy') await wait(TCP_TIMEOUT_MS);
          expect(JSON.stringify(made(router))).toBe(now);
          const end = `${outcome.state} ${isBefore ? 'old' : 'new'} ${found}`;
          ends[end] = (ends[end] ?? 0) + 1;
          await pass(router.stop());
        }
      }
      process.stdout.write(`${name}, ${kind}: ${cases} cases, all reached; ${JSON.stringify(ends)}\n`);
      expect(cases).toBeGreaterThanOrEqual(8);
    },
    300_000,
  );
});
