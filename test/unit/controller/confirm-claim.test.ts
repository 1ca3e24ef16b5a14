import fc from 'fast-check';
import type { Ledger, StoredObject } from '../../../src/allocation/index.ts';
import type { Router } from '../../../src/api/index.ts';
import { claimOf, confirmKey, isTold } from '../../../src/controller/confirm-claim.ts';
import type { World } from '../../../src/controller/world.ts';
import { addressRequest, keyPair, ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { router } from './fixtures.ts';

const { publicKey } = keyPair();

/** A leader with a ledger of its own, and a watch of the store that brings one write at a time. */
class Leader {
  readonly ledger: Ledger;
  readonly #log: StoredObject[];
  readonly #own: string;
  #seen = 0;
  claimed: Awaited<ReturnType<Ledger['claimAddress']>> | undefined;
  told = false;

  constructor(store: MemoryStore, log: StoredObject[], own: string) {
    this.ledger = ledgerOver(store);
    this.#log = log;
    this.#own = own;
  }

  watch(): void {
    const object = this.#log[this.#seen];
    if (object === undefined) return;
    this.#seen++;
    this.ledger.observe(object);
  }

  async act(pin: string): Promise<void> {
    if (this.told) return;
    const manifest = router(this.#own, { tenant: 'acme', publicKey, address: pin });
    try {
      this.claimed = await this.ledger.claimAddress(addressRequest(0, this.#own, { publicKey, pin }));
    } catch {
      return;
    }
    const hasReached = (version: string) =>
      Number(this.#log[this.#seen - 1]?.version ?? 0) >= Number(version);
    const world = { ledger: this.ledger, caches: { ledger: { hasReached } } } as unknown as World;
    const sureness = confirmKey(world, manifest, this.claimed);
    if (sureness === 'sure') this.told = true;
    if (sureness === 'contested') await this.ledger.releaseAddress(this.#own, this.claimed);
  }
}

test('of two Routers with one key, each with a leader of its own, never both are told, in whatever order all comes', async () => {
  const step = fc.constantFrom('a watches', 'b watches', 'a acts', 'b acts');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new MemoryStore();
      const log: StoredObject[] = [];
      const set = store.objects.set.bind(store.objects);
      store.objects.set = (name, object) => {
        log.push(object);
        return set(name, object);
      };
      const [a, b] = [new Leader(store, log, 'a/r1'), new Leader(store, log, 'b/r2')];
      await a.ledger.claimTunnel(tunnelRequest('acme'));
      a.watch();
      b.watch();
      for (const one of steps) {
        if (one === 'a watches') a.watch();
        else if (one === 'b watches') b.watch();
        else if (one === 'a acts') await a.act('10.100.1.1');
        else await b.act('10.100.2.1');
      }
      expect(a.told && b.told).toBe(false);
      // And one of them is, and the other lets go, once both see everything.
      for (let round = 0; round < 6; round++) {
        for (const [leader, pin] of [
          [a, '10.100.1.1'],
          [b, '10.100.2.1'],
        ] as const) {
          for (let n = 0; n < 20; n++) for (const one of [a, b]) one.watch();
          await leader.act(pin);
        }
      }
      expect(Number(a.told) + Number(b.told)).toBe(1);
      for (let n = 0; n < 20; n++) for (const one of [a, b]) one.watch();
      expect(a.ledger.holdersOfKey(0, publicKey)).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});

describe('a Router with two addresses', () => {
  test('contests its own key with nobody', async () => {
    const store = new MemoryStore();
    const [a, b] = [ledgerOver(store), ledgerOver(store)];
    const seen = (ledger: Ledger) => {
      for (const object of store.objects.values()) ledger.observe(object);
    };
    await a.claimTunnel(tunnelRequest('acme'));
    seen(b);
    await a.claimAddress(addressRequest(0, 'a/r', { publicKey, pin: '10.100.1.1' }));
    const claim = await b.claimAddress(addressRequest(0, 'a/r', { publicKey, pin: '10.100.2.1' }));
    seen(b);
    expect(b.claimsOf('a/r')).toHaveLength(2);
    const world = { ledger: b, caches: { ledger: { hasReached: () => true } } } as unknown as World;
    expect(confirmKey(world, router('a/r', { tenant: 'acme', publicKey }), claim)).toBe('sure');
  });

  const told = (address?: string): Router =>
    router('a/r', { tenant: 'acme' }, { status: { address } } as never);

  test('lives at the one that its status tells, else at the first', async () => {
    const ledger = {
      claimsOf: () => [{ address: '10.100.1.1' }, { address: '10.100.2.1' }],
    } as unknown as Ledger;
    const world = { ledger } as World;
    expect(claimOf(world, told('10.100.2.1'))?.address).toBe('10.100.2.1');
    expect(claimOf(world, told())?.address).toBe('10.100.1.1');
    expect(claimOf(world, told('10.100.9.9'))?.address).toBe('10.100.1.1');
  });
});

test('a key is told once the status has it as Allocated', () => {
  const of = (status: object) => router('a/r', { tenant: 'acme' }, { status } as never);
  const condition = (status: string) => ({ type: 'Allocated', status, reason: 'x', message: 'x' });
  expect(isTold(of({ publicKey, conditions: [condition('True')] }), { publicKey })).toBe(true);
  expect(isTold(of({ publicKey, conditions: [condition('False')] }), { publicKey })).toBe(false);
  expect(isTold(of({ publicKey: 'other', conditions: [condition('True')] }), { publicKey })).toBe(false);
  expect(isTold(of({}), { publicKey })).toBe(false);
});
