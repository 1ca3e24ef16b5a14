/** Any history with a backup somewhere in it: what the gateways had at its end is what routers have after the restore. */
import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { AddressRequest, Ledger } from '../../../src/allocation/index.ts';
import { addressRequest, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { backupOf, handedOver, restored } from './gateways.ts';
import { MemoryStore } from './memory-store.ts';

// A failure is made smaller, which takes a while.
jest.setTimeout(60_000);

const TENANTS = ['t0', 't1', 't2'];
const DAY = 86_400_000;

const tenant = fc.constantFrom(...TENANTS);
const router = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  fc.record({
    do: fc.constant('claim' as const),
    tenant,
    router,
    pin: fc.option(fc.integer({ min: 1, max: 4 })),
  }),
  fc.record({ do: fc.constant('own key' as const), tenant, router }),
  fc.record({ do: fc.constant('delete' as const), tenant, router }),
  fc.record({ do: fc.constant('end' as const), tenant }),
  fc.record({ do: fc.constant('day' as const) }),
);

/** What the manifests ask for, and so who exists. */
type Manifests = Map<string, Partial<AddressRequest>>;

test('no address, no key, no number of a tunnel changes, and nothing is given twice', async () => {
  const backupAt = fc.integer({ min: 5, max: 60 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 80 }),
      backupAt,
      fc.func(fc.boolean()),
      async (steps, at, hidden) => {
        const clock = { now: new Date('2026-01-01T00:00:00Z') };
        const store = new MemoryStore();
        const ledger = ledgerOver(store, () => clock.now);
        const manifests: Manifests = new Map();
        let backup = backupOf(store);
        for (const [i, one] of steps.entries()) {
          if (i === at) backup = backupOf(store);
          if (one.do === 'day') clock.now = new Date(clock.now.getTime() + DAY + 1000);
          else await act(ledger, manifests, one);
          await forgetWhatIsOver(ledger, clock.now);
        }
        const suspended = (owner: string): boolean => hidden(owner);
        const handed = handedOver(ledger, suspended);
        const { ledger: after } = await restored(backup, () => clock.now);
        await after.recover(handed, (owner) => manifests.get(owner));
        expectNoDuplicates(after);
        for (const one of TENANTS) await after.claimTunnel(tunnelRequest(one));
        for (const record of ledger.tunnels.values()) {
          if (record.releasedAt === undefined) expect(after.tunnels.get(record.index)).toEqual(record);
        }
        const newcomers = TENANTS.map((one) => [`${one}/newcomer`, {}] as const);
        for (const [owner, manifest] of [...newcomers, ...manifests]) await claim(after, owner, manifest);
        expectNoDuplicates(after);
        for (const owner of [...manifests.keys()].filter((name) => !suspended(name))) {
          const shown = (where: Ledger) =>
            where.claimsOf(owner).map(({ address, entry }) => [address, entry.publicKey]);
          expect(shown(after)).toEqual(shown(ledger));
        }
      },
    ),
    { numRuns: 400 },
  );
});

type Step = { tenant: string } & (
  | { do: 'end' }
  | { do: 'claim' | 'own key' | 'delete'; router: number; pin?: number | null }
);

async function act(ledger: Ledger, manifests: Manifests, one: Step): Promise<void> {
  if (one.do === 'end') {
    for (const owner of [...manifests.keys()].filter((name) => name.startsWith(`${one.tenant}/`))) {
      await remove(ledger, manifests, owner);
    }
    const record = ledger.tunnelOfTenant(one.tenant);
    if (record !== undefined) await ledger.releaseTunnel(record);
    return;
  }
  const owner = `${one.tenant}/r${one.router}`;
  if (one.do === 'delete') return remove(ledger, manifests, owner);
  await ledger.claimTunnel(tunnelRequest(one.tenant));
  const known = manifests.get(owner) ?? (one.pin ? { pin: `10.100.1.${one.pin}` } : {});
  const manifest = one.do === 'own key' ? { ...known, publicKey: keyPair().publicKey } : known;
  if (await claim(ledger, owner, manifest)) manifests.set(owner, manifest);
}

async function claim(
  ledger: Ledger,
  owner: string,
  { pin, ...manifest }: Partial<AddressRequest>,
): Promise<boolean> {
  const record = ledger.tunnelOfTenant(owner.split('/')[0] ?? '');
  if (record === undefined) throw new Error(owner);
  const pins =
    pin === undefined ? {} : { pin: pin.replace('10.100.', record.subnet.replace(/0\.0\/16$/, '')) };
  try {
    await ledger.claimAddress(addressRequest(record.index, owner, { ...manifest, ...pins }));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(AddressTaken|PinChanged)$/) });
    return false;
  }
}

async function remove(ledger: Ledger, manifests: Manifests, owner: string): Promise<void> {
  for (const claimed of ledger.claimsOf(owner))
    await ledger.releaseAddress(owner, claimed, { keepSecrets: true });
  manifests.delete(owner);
}

async function forgetWhatIsOver(ledger: Ledger, now: Date): Promise<void> {
  for (const { index, releasedAt } of [...ledger.tunnels.values()]) {
    if (releasedAt !== undefined && Date.parse(releasedAt) + DAY <= now.getTime())
      await ledger.forgetTunnel(index);
    else await ledger.forgetSecrets(index, 3600);
  }
}

function expectNoDuplicates(ledger: Ledger): void {
  const live = ledger.liveOwners().flatMap((owner) => ledger.claimsOf(owner));
  for (const value of [
    live.map(({ address }) => address),
    live.map(({ entry }) => entry.publicKey),
    live.map(({ entry }) => entry.owner),
  ]) {
    expect(new Set(value).size).toBe(live.length);
  }
  const tunnels = [...ledger.tunnels.values()];
  for (const field of ['tenant', 'subnet', 'listenPort', 'publicKey'] as const) {
    expect(new Set(tunnels.map((entry) => entry[field])).size).toBe(tunnels.length);
  }
}
