/** A router is brought to another endpoint, and is as if it had been set up with a script for that one. */
import { jest } from '@jest/globals';
import { ROUTER_ACTS_WITHIN_MS } from '../../../../src/routeros/undo/index.ts';
import { holdTime, pass, provision, reconnect, wait } from '../undo/desk.ts';
import { type Host, INPUTS, made, move, PEERS, site } from './world.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

const HOSTS = Object.keys(INPUTS) as Host[];
const VERSIONS = ['7.9.2', '7.16.2', '7.24'];
const PAIRS = HOSTS.flatMap((from) => HOSTS.map((to) => [from, to] as const));

describe.each(VERSIONS)('RouterOS %s', (version) => {
  test.each(PAIRS)('from %s to %s: as its script would have made it', async (from, to) => {
    const here = site({ version }, from, to);
    await wait(40_000);
    const outcome = await move(here, to);
    expect(outcome.state).toBe(from === to ? 'Same' : 'Kept');
    const pasted = provision({ version }, INPUTS[to]);
    expect(made(here.router)).toEqual(made(pasted));
    expect(here.router.rows('/tool/netwatch').some(({ comment }) => comment?.includes('undo'))).toBe(false);
    await pass(here.router.stop());
    await pass(pasted.stop());
  });

  test('to a place that leads nowhere: it goes back within three minutes', async () => {
    const here = site({ version }, 'name', 'other ipv4', { leads: false });
    await wait(40_000);
    const before = made(here.router);
    const began = Date.now();
    const outcome = await move(here, 'other ipv4');
    expect(outcome.state).toBe('Undoing');
    (await pass(reconnect(here.router), ROUTER_ACTS_WITHIN_MS)).close();
    expect(Date.now() - began).toBeLessThan(ROUTER_ACTS_WITHIN_MS);
    await wait(30_000);
    expect(made(here.router)).toEqual(before);
    await pass(here.router.stop());
  });

  test('whose plug is pulled in the half second in which its peer is off: it is at one of the two', async () => {
    const here = site({ version }, 'ipv4', 'other name');
    await wait(40_000);
    const before = made(here.router);
    let pulledAt = 0;
    here.router.os.onChange(({ menu }) => {
      if (menu !== PEERS || pulledAt > 0 || here.router.rows(PEERS)[0]?.disabled !== 'true') return;
      pulledAt = Date.now();
      void here.router.reboot();
    });
    await move(here, 'other name');
    expect(pulledAt).toBeGreaterThan(0);
    (await pass(reconnect(here.router), ROUTER_ACTS_WITHIN_MS)).close();
    expect(Date.now() - pulledAt).toBeLessThan(ROUTER_ACTS_WITHIN_MS);
    await wait(30_000);
    expect(made(here.router)).toEqual(before);
    await pass(here.router.stop());
  });

  test('to a name that it cannot resolve: it is not cut off for a moment, and the change is taken back', async () => {
    const here = site({ version }, 'ipv4', 'other name', { knows: false });
    // What cannot be resolved changes nothing of where WireGuard sends.
    here.router.way = {
      ...(here.router.way as never as object),
      others: [{ ...here.to, address: here.from.address }],
    } as never;
    await wait(40_000);
    const before = made(here.router);
    let wasOff = false;
    here.router.os.onChange(({ menu }) => {
      if (menu === PEERS && here.router.rows(PEERS)[0]?.disabled === 'true') wasOff = true;
    });
    const outcome = await move(here, 'other name');
    expect(outcome.state).toBe('Undone');
    expect(wasOff).toBe(false);
    expect(made(here.router)).toEqual(before);
    await pass(here.router.stop());
  });
});
