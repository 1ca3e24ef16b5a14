import { jest } from '@jest/globals';
import {
  type Change,
  ROUTER_ACTS_WITHIN_MS,
  settleUndo,
  underUndo,
} from '../../../../src/routeros/undo/index.ts';
import { TCP_TIMEOUT_MS } from '../../../simulator/desk/link.ts';
import type { DeskOptions, DeskRouter } from '../../../simulator/desk/router.ts';
import { holdTime, never, pass, provision, reconnect, wait } from './desk.ts';
import { KINDS, type Kind, Strike } from './strike.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

const FILTER = '/ip/firewall/filter';
/** A profile's change of the firewall with all that a change may be. */
function changes(router: DeskRouter): Change[] {
  const rules = router.rows(FILTER);
  const at = (comment: string) => rules.findIndex((rule) => rule.comment === comment);
  const id = (index: number) => rules[index]?.['.id'] ?? '';
  const drop = id(at('defconf: drop all not coming from LAN'));
  const comment = 'tenant-tunnel profile guard/web';
  const icmp = at('defconf: accept ICMP');
  return [
    {
      kind: 'add',
      path: FILTER,
      values: { chain: 'input', action: 'drop', protocol: 'tcp', 'dst-port': '23', comment },
      mark: { comment },
      before: drop,
    },
    { kind: 'set', path: FILTER, id: id(icmp), values: { limit: '10,5:packet' }, was: { limit: null } },
    {
      kind: 'move',
      path: FILTER,
      id: id(icmp),
      before: id(at('defconf: drop invalid')),
      wasBefore: id(icmp + 1),
    },
    { kind: 'remove', path: FILTER, id: id(at('defconf: drop all from WAN not DSTNATed')), canDisable: true },
  ];
}

/** Removed or only disabled yet: the same to every packet. */
function firewall(router: DeskRouter): string {
  const rows = router.os.snapshot()[FILTER] ?? [];
  return JSON.stringify(
    rows.filter((row) => !(row.disabled === 'true' && row.comment?.includes('DSTNATed'))),
  );
}

/** Runs it, and lets `kind` happen when the sentence `at` is sent, or its answer. Returns how many sentences there were. */
async function attempt(options: DeskOptions, kind?: Kind, at = -1, side: 'client' | 'server' = 'client') {
  const router = provision(options);
  await wait(40_000);
  const before = router.os.snapshot();
  const firewallBefore = firewall(router);
  const strike = new Strike(router, { kind, at, side });
  const { open } = strike;
  const api = await pass(open(never));
  strike.begin();
  const outcome = await pass(underUndo({ api, openAnother: open, changes: changes(router), signal: never }));
  strike.end();
  const { sentences, cutAt } = strike;
  return { router, before, firewallBefore, sentences, outcome, cutAt };
}

/** `make unit` tries some of the sentences; CUTS=all each of them. */
const isWhole = process.env.CUTS === 'all';
const ROUTERS: readonly (DeskOptions & { name: string; every?: number })[] = [
  { name: '7.9.2', version: '7.9.2', every: 2 },
  { name: '7.16.2 with device-mode home', version: '7.16.2', deviceMode: 'home', every: 4 },
  { name: '7.24', version: '7.24', every: 2 },
  { name: '7.24 where others may end safe mode', version: '7.24', unrollsForOthers: true, every: 4 },
];

describe.each(ROUTERS)('on RouterOS $name', (options) => {
  test.each(KINDS)(
    '%s at any sentence: all of the change or nothing of it, within three minutes',
    async (kind) => {
      const whole = await attempt(options);
      expect(whole.outcome.state).toBe('Kept');
      const firewallAfter = firewall(whole.router);
      expect(firewallAfter).not.toBe(whole.firewallBefore);
      await pass(whole.router.stop());
      const ends: Record<string, number> = {};
      let cases = 0;
      for (let at = 0; at < whole.sentences; at += isWhole ? 1 : (options.every ?? 1)) {
        for (const side of ['client', 'server'] as const) {
          const { router, before, firewallBefore, outcome, cutAt } = await attempt(options, kind, at, side);
          if (cutAt === 0) continue;
          cases += 1;
          const again = await pass(reconnect(router), ROUTER_ACTS_WITHIN_MS);
          expect(Date.now() - cutAt).toBeLessThanOrEqual(ROUTER_ACTS_WITHIN_MS);
          again.close();
          if (Date.now() < cutAt + ROUTER_ACTS_WITHIN_MS)
            await wait(cutAt + ROUTER_ACTS_WITHIN_MS - Date.now());
          const last = await pass(reconnect(router));
          const { found } = await pass(settleUndo(last));
          last.close();
          const now = firewall(router);
          const isBefore = now === firewallBefore;
          expect(isBefore || now === firewallAfter).toBe(true);
          if (outcome.state === 'Kept') expect(isBefore).toBe(false);
          if (outcome.state === 'Undone' || outcome.state === 'Refused') expect(isBefore).toBe(true);
          if (found === 'Busy') await wait(TCP_TIMEOUT_MS);
          expect(firewall(router)).toBe(now);
          if (isBefore) expect(router.os.snapshot()).toEqual(before);
          const end = `${outcome.state} ${isBefore ? 'undone' : 'kept'} ${found}`;
          ends[end] = (ends[end] ?? 0) + 1;
          await pass(router.stop());
        }
      }
      process.stdout.write(
        `${options.name}, ${kind}: ${cases} cases, ${cases} reachable again; ${JSON.stringify(ends)}\n`,
      );
      expect(cases).toBeGreaterThanOrEqual(isWhole ? 30 : 8);
    },
    300_000,
  );
});
