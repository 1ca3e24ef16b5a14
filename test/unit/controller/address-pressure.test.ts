/** Routers that wait for an address: woken when there is one, in their turn, and asked for nothing until then. */
import type { Ledger } from '../../../src/allocation/index.ts';
import { parsePools } from '../../../src/allocation/index.ts';
import { tendWaiting, waitForAddress, wakeIfPressing } from '../../../src/controller/address-pressure.ts';
import { addressPressure } from '../../../src/controller/pool-pressure.ts';
import { WaitingRouters } from '../../../src/controller/waiting-routers.ts';
import type { World } from '../../../src/controller/world.ts';
import { processorMs } from '../../testbed/processor-time.ts';
import { addressRequest, ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { NOW, tunnel, tunnelClass } from './fixtures.ts';

/** A tunnel of a /28, 13 routers, and what was woken. */
async function setting(routers: number, quarantineSeconds = 60) {
  let now = NOW;
  const ledger: Ledger = ledgerOver(new MemoryStore(), () => new Date(now));
  const pools = () => parsePools([{ cidr: '10.9.0.0/24', prefixLength: 28 }]);
  const entry = await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme', pools }));
  for (let n = 0; n < routers; n++) await ledger.claimAddress(addressRequest(0, `a/r${n}`));
  const woken: string[] = [];
  const queue = (name: string) => ({ enqueue: (key: string) => woken.push(`${name} ${key}`) });
  const known = { ...tunnel('a/acme') };
  const waiting = new WaitingRouters();
  const world = {
    ledger,
    waiting,
    now: () => new Date(now),
    caches: {
      classes: { get: () => tunnelClass('standard', { quarantineSeconds }) },
      tunnels: { get: () => known },
    },
    controllers: { routers: queue('router'), tunnels: queue('tunnel') },
  } as unknown as World;
  return {
    world,
    entry,
    waiting,
    woken: () => woken.splice(0),
    passes: (ms: number) => {
      now += ms;
    },
    release: async (router: string) => {
      const [claim] = ledger.claimsOf(router);
      if (claim !== undefined) await ledger.releaseAddress(router, claim);
    },
    tell: () => {
      const use = ledger.addressUse(0, quarantineSeconds);
      if (use === undefined) throw new Error('no tunnel');
      const pressure = {
        type: 'PoolPressure',
        lastTransitionTime: '',
        ...addressPressure('10.9.0.0/28', use),
      };
      known.status = { conditions: [pressure] };
    },
  };
}

test('a full tunnel is looked at when its next address leaves quarantine, and wakes as many as there are places', async () => {
  const { world, entry, waiting, woken, passes, release } = await setting(13);
  waitForAddress(world, entry, 'a/w1');
  expect(woken()).toEqual(['tunnel a/acme']);
  for (const router of ['a/w2', 'a/w3']) waitForAddress(world, entry, router);
  expect(woken()).toEqual([]);
  // All live: nothing to wait for but a deletion.
  expect(tendWaiting(world, entry)).toBeUndefined();
  await release('a/r3');
  passes(10_000);
  await release('a/r7');
  expect(tendWaiting(world, entry)).toEqual({ requeueAfterMs: 50_000 });
  passes(50_000);
  expect(tendWaiting(world, entry)).toEqual({ requeueAfterMs: 10_000 });
  expect(woken()).toEqual(['router a/w1']);
  passes(10_000);
  // Both are free by now: w1 has not come for its place yet.
  tendWaiting(world, entry);
  expect(woken()).toEqual(['router a/w2', 'router a/w3']);
  expect(waiting.count(0)).toBe(0);
});

test('a router more or less is no news to its tunnel but where its verdict changes, or somebody waits', async () => {
  const { world, entry, woken, tell, release } = await setting(10, 0);
  tell();
  wakeIfPressing(world, 0);
  expect(woken()).toEqual([]);
  for (let n = 10; n < 12; n++) await world.ledger.claimAddress(addressRequest(0, `a/r${n}`));
  wakeIfPressing(world, 0);
  // 12 of 13 are nine in ten.
  expect(woken()).toEqual(['tunnel a/acme']);
  tell();
  wakeIfPressing(world, 0);
  expect(woken()).toEqual([]);
  await world.ledger.claimAddress(addressRequest(0, 'a/r12'));
  wakeIfPressing(world, 0);
  expect(woken()).toEqual(['tunnel a/acme']);
  tell();
  waitForAddress(world, entry, 'a/w');
  woken();
  await release('a/r0');
  tell();
  wakeIfPressing(world, 0);
  expect(woken()).toEqual(['tunnel a/acme']);
  wakeIfPressing(world, 7);
  expect(woken()).toEqual([]);
});

test('ten thousand that wait are woken one by one as places come free, in no time', async () => {
  const { world, entry, waiting, woken, release } = await setting(13, 0);
  for (let n = 0; n < 10_000; n++) waitForAddress(world, entry, `a/w${n}`);
  woken();
  const begun = processorMs();
  for (let n = 0; n < 13; n++) {
    await release(`a/r${n}`);
    tendWaiting(world, entry);
    expect(woken()).toHaveLength(n + 1);
  }
  expect(waiting.count(0)).toBe(10_000 - 91);
  expect(processorMs() - begun).toBeLessThan(1000);
});
