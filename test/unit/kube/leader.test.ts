import fc from 'fast-check';
import { type Clock, LeaderElector } from '../../../src/kube/index.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeLeases, type Fate } from './fake-leases.ts';
import { recordingLogger } from './recording-logger.ts';

const NAME = { namespace: 'n', name: 'lock' };
const fine: Fate = { kind: 'ok', delayMs: 5 };

/** A process: its event loop may stall, in which time its timers and replies wait. */
class Process {
  readonly elector: LeaderElector;
  readonly stop = new AbortController();
  readonly logger = recordingLogger();
  working = false;
  worked = 0;
  outcome: string | undefined;
  fate: () => Fate = () => fine;
  #stalled: (() => void)[] | undefined;

  constructor(clock: FakeClock, store: FakeLeases, identity: string, endMs = 50) {
    const own: Clock = {
      wall: () => clock.wall(),
      monotonic: () => clock.monotonic(),
      after: (ms, callback) =>
        clock.after(ms, () => {
          if (this.#stalled === undefined) callback();
          else this.#stalled.push(callback);
        }),
    };
    this.elector = new LeaderElector({
      client: store.client(own, () => this.fate()),
      lease: NAME,
      identity,
      logger: this.logger,
      clock: own,
      random: () => 0.5,
    });
    void this.elector
      .run(this.stop.signal, async (signal) => {
        this.worked++;
        this.working = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await new Promise<void>((resolve) => void own.after(endMs, resolve));
        this.working = false;
      })
      .then((outcome) => {
        this.outcome = outcome;
      });
  }

  stall(): void {
    this.#stalled ??= [];
  }

  resume(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const callback of waiting) callback();
  }
}

async function twoProcesses() {
  const clock = new FakeClock();
  const store = new FakeLeases();
  const a = new Process(clock, store, 'a');
  await clock.advance(100);
  const b = new Process(clock, store, 'b');
  await clock.advance(5000);
  expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);
  return { clock, store, a, b };
}

describe('a leader', () => {
  test('keeps the lease for as long as it renews, and writes times with six digits', async () => {
    const { clock, store, a, b } = await twoProcesses();
    await clock.advance(120_000);
    expect([a.elector.isLeader(), b.worked]).toEqual([true, 0]);
    expect(b.elector.holder).toBe('a');
    expect(store.lease?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      renewTime: expect.stringMatching(/\.\d{6}Z$/),
    });
  });

  test('that is killed is followed when its lease has not changed for 15 s, not before', async () => {
    const { clock, a, b } = await twoProcesses();
    a.stall();
    await clock.advance(12_000);
    expect(b.elector.isLeader()).toBe(false);
    await clock.advance(8_000);
    expect(b.elector.isLeader()).toBe(true);
  });

  test('that stops hands over at once, but only when its work has ended', async () => {
    const { clock, store, a, b } = await twoProcesses();
    a.stop.abort();
    await clock.advance(40);
    expect([a.working, store.lease?.spec?.holderIdentity]).toEqual([true, 'a']);
    await clock.advance(100);
    expect([a.working, a.outcome, store.lease?.spec?.holderIdentity]).toEqual([false, 'stopped', '']);
    await clock.advance(2500);
    expect(b.elector.isLeader()).toBe(true);
    expect(store.lease?.spec?.leaseTransitions).toBe(1);
  });

  test('whose work does not end in time leaves the lease to expire', async () => {
    const clock = new FakeClock();
    const store = new FakeLeases();
    const a = new Process(clock, store, 'a', 60_000);
    await clock.advance(1000);
    a.stop.abort();
    await clock.advance(5000);
    expect([a.outcome, store.lease?.spec?.holderIdentity]).toEqual(['stopped', 'a']);
  });

  test('that cannot renew for 10 s is lost and its work told to stop before anybody may follow', async () => {
    const { clock, a } = await twoProcesses();
    a.fate = () => ({ kind: 'hang' });
    await clock.advance(7_500);
    expect(a.working).toBe(true);
    await clock.advance(4_500);
    expect([a.elector.isLeader(), a.working, a.outcome]).toEqual([false, false, 'lost']);
  });

  test('whose event loop stalled knows at its first look that it leads no more', async () => {
    const { clock, a } = await twoProcesses();
    a.stall();
    await clock.advance(11_000);
    expect(a.working).toBe(true);
    expect(a.elector.isLeader()).toBe(false);
  });

  test('counts its time from when a renewal was sent, not from when the reply came', async () => {
    const { clock, a } = await twoProcesses();
    let sentAt = 0;
    a.fate = () => {
      if (sentAt > 0) return { kind: 'hang' };
      sentAt = clock.monotonic();
      return { kind: 'ok', delayMs: 3000 };
    };
    await clock.advance(6000);
    expect(sentAt).toBeGreaterThan(0);
    await clock.advance(sentAt + 9_990 - clock.monotonic());
    expect(a.elector.isLeader()).toBe(true);
    await clock.advance(20);
    expect(a.elector.isLeader()).toBe(false);
  });

  test('survives one hung request, since the next is tried in time', async () => {
    const { clock, a, b } = await twoProcesses();
    let hung = 0;
    a.fate = () => (hung++ === 0 ? { kind: 'hang' } : fine);
    await clock.advance(60_000);
    expect(hung).toBeGreaterThan(10);
    expect([a.elector.isLeader(), a.worked, b.worked]).toEqual([true, 1, 0]);
  });

  test('whose renewal went through without a reply goes on', async () => {
    const { clock, a, b } = await twoProcesses();
    let lost = 0;
    a.fate = () => (lost++ === 0 ? { kind: 'lostReply' } : fine);
    await clock.advance(60_000);
    expect([a.elector.isLeader(), a.worked, b.worked]).toEqual([true, 1, 0]);
  });

  test('ends when somebody else has taken the lease', async () => {
    const { clock, store, a } = await twoProcesses();
    if (store.lease?.spec) {
      store.write(
        { ...store.lease, spec: { ...store.lease.spec, holderIdentity: 'thief' } },
        store.lease.metadata.resourceVersion,
      );
    }
    await clock.advance(3000);
    expect([a.elector.isLeader(), a.outcome]).toEqual([false, 'lost']);
  });

  test('makes a deleted lease again', async () => {
    const { clock, store, a, b } = await twoProcesses();
    b.stall();
    store.lease = undefined;
    await clock.advance(5000);
    expect([a.elector.isLeader(), (store.lease as { spec?: object } | undefined)?.spec]).toEqual([
      true,
      expect.objectContaining({ holderIdentity: 'a' }),
    ]);
  });
});

test('a lease with times from another century is held or free by our own clock alone', async () => {
  const clock = new FakeClock();
  const store = new FakeLeases();
  const spec = {
    holderIdentity: 'dead',
    leaseDurationSeconds: 15,
    acquireTime: '2126-01-01T00:00:00.000000Z',
    renewTime: '2126-01-01T00:00:00.000000Z',
    leaseTransitions: 3,
  };
  store.write({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: NAME, spec }, undefined);
  const a = new Process(clock, store, 'a');
  await clock.advance(14_000);
  expect(a.elector.isLeader()).toBe(false);
  await clock.advance(5_000);
  expect(a.elector.isLeader()).toBe(true);
  expect(store.lease?.spec?.leaseTransitions).toBe(4);
});

test('durations that cannot work are refused', () => {
  const options = { client: {} as never, lease: NAME, identity: 'a', logger: recordingLogger() };
  expect(() => new LeaderElector({ ...options, renewDeadlineMs: 15_000 })).toThrow(/lease duration >/);
  expect(() => new LeaderElector({ ...options, retryPeriodMs: 9_000 })).toThrow(/lease duration >/);
});

const fate: fc.Arbitrary<Fate> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 900 }).map((delayMs) => ({ kind: 'ok' as const, delayMs })),
  },
  fc.constant({ kind: 'hang' as const }),
  fc.constant({ kind: 'refused' as const }),
  fc.constant({ kind: 'lostReply' as const }),
  fc.integer({ min: 1000, max: 30_000 }).map((delayMs) => ({ kind: 'late' as const, delayMs })),
);
const disturbance = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom('stall', 'resume', 'stop', 'nothing'),
  forMs: fc.integer({ min: 100, max: 20_000 }),
});

test('never do two lead at once, whatever is stalled, stopped, hung, late or lost', async () => {
  let led = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { minLength: 20, maxLength: 60 }),
      fc.array(disturbance, { maxLength: 12 }),
      async (fates, disturbances) => {
        const clock = new FakeClock();
        const store = new FakeLeases();
        const processes = ['a', 'b', 'c'].map((identity) => new Process(clock, store, identity));
        let next = 0;
        for (const process of processes) process.fate = () => fates[next++ % fates.length] ?? fine;
        for (const { who, what, forMs } of [...disturbances, { who: 0, what: 'nothing', forMs: 30_000 }]) {
          const process = processes[who];
          if (what === 'stall') process?.stall();
          if (what === 'resume') process?.resume();
          if (what === 'stop') process?.stop.abort();
          for (let passed = 0; passed < forMs; passed += 250) {
            await clock.advance(250);
            const leaders = processes.filter(({ elector }) => elector.isLeader());
            expect(leaders.length).toBeLessThanOrEqual(1);
            led += leaders.length;
          }
        }
        for (const process of processes) process.stop.abort();
      },
    ),
    { numRuns: 60 },
  );
  // Else the property would hold for want of leaders.
  expect(led).toBeGreaterThan(1000);
}, 120_000);
