import fc from 'fast-check';
import type { Ledger, LedgerStore } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

/** Answers in whatever order the scheduler says. */
function shuffled(store: MemoryStore, scheduler: fc.Scheduler): LedgerStore {
  return {
    read: scheduler.scheduleFunction((name: string) => store.read(name)),
    create: scheduler.scheduleFunction((name: string, data) => store.create(name, data)),
    update: scheduler.scheduleFunction((name: string, data, version: string) =>
      store.update(name, data, version),
    ),
    remove: scheduler.scheduleFunction((name: string, version: string) => store.remove(name, version)),
  };
}

/** A tunnel in quarantine, with a block of a Router that went and whose secrets are kept. */
async function quarantined(store: MemoryStore): Promise<void> {
  const ledger = ledgerOver(store);
  const acme = await ledger.claimTunnel(tunnelRequest('acme'));
  const claim = await ledger.claimAddress(addressRequest(0, 'a/r'));
  await ledger.releaseAddress('a/r', claim, { keepSecrets: true });
  await ledger.releaseTunnel(acme);
}

function reloaded(store: MemoryStore, over: LedgerStore): Ledger {
  const ledger = ledgerOver(over);
  for (const object of store.objects.values()) ledger.observe(object);
  return ledger;
}

test.each([
  ['one process', false],
  ['two', true],
])('a tunnel that is forgotten while its kept secrets are comes back in no way, in %s', async (_, apart) => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const store = new MemoryStore();
      await quarantined(store);
      const a = reloaded(store, shuffled(store, scheduler));
      const b = apart ? reloaded(store, shuffled(store, scheduler)) : a;
      const all = Promise.allSettled([a.forgetTunnel(0), b.forgetSecrets(0, 0)]);
      await scheduler.waitFor(all);
      // As the reconciler does that is told of an error, or finds leftovers.
      for (const index of a.leftovers()) {
        for (const object of store.objects.values()) a.observe(object);
        await scheduler.waitFor(a.forgetTunnel(index));
      }
      expect([...store.objects.keys()]).toEqual(['ledger-tunnels']);
    }),
  );
});
