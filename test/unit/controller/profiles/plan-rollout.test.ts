import fc from 'fast-check';
import { inWave, type RolloutStatus, shareOf } from '../../../../src/api/index.ts';
import { planRollout, type RolloutInput } from '../../../../src/controller/profiles/plan-rollout.ts';
import { countOf, rolloutSettings } from '../../../../src/controller/profiles/rollout-settings.ts';
import type { Seat } from '../../../../src/controller/profiles/survey.ts';
import { profile } from '../../api/profiles/fixtures.ts';

const START = Date.parse('2026-01-15T12:00:00Z');
const MINUTE = 60_000;

/** A fleet of which the wave is applied as a gateway would, and a controller that looks every minute. */
class Fleet {
  now = START;
  seats: Seat[];
  rollout: RolloutStatus | undefined;
  input: Omit<RolloutInput, 'seats' | 'before' | 'now'> = {
    revision: 'one',
    selector: 's',
    generation: 1,
    classes: [],
    resume: '',
    settings: rolloutSettings(profile('a/p')),
  };
  /** Routers on which the revision fails. */
  bad = (_seat: Seat) => false;

  constructor(count: number, more: Partial<Seat> = {}) {
    this.seats = Array.from({ length: count }, (_, at) => ({
      key: `a/r${at}`,
      uid: `uid-${at}`,
      place: shareOf(`uid-${at}`, 'one'),
      presence: 'up',
      outcome: undefined,
      ...more,
    }));
  }

  look() {
    const plan = planRollout({ ...this.input, seats: this.seats, before: this.rollout, now: this.now });
    this.rollout = plan.rollout;
    return plan;
  }

  /** What gateways do meanwhile. */
  apply(): void {
    const { rollout } = this;
    if (rollout === undefined || rollout.state === 'Stopped' || this.input.settings.paused) return;
    this.seats = this.seats.map((seat) =>
      seat.presence === 'up' && seat.outcome === undefined && inWave(seat.uid, rollout)
        ? { ...seat, outcome: this.bad(seat) ? 'failed' : 'applied' }
        : seat,
    );
  }

  minute(): string {
    this.now += MINUTE;
    this.look();
    this.apply();
    const { state = '', stage = 0 } = this.rollout ?? {};
    return `${stage} ${state}`;
  }

  run(minutes: number): string {
    let last = '';
    for (let at = 0; at < minutes; at++) last = this.minute();
    return last;
  }

  get touched(): number {
    return this.seats.filter(({ outcome }) => outcome !== undefined).length;
  }

  set revision(revision: string) {
    this.input = { ...this.input, revision };
    this.seats = this.seats.map((seat) => ({
      ...seat,
      outcome: undefined,
      place: shareOf(seat.uid, revision),
    }));
  }
}

test('it goes from one to 1 %, to 10 %, to all, with a pause behind each', () => {
  const fleet = new Fleet(5000);
  const seen = new Map<string, number>();
  for (let at = 0; at < 30; at++) seen.set(fleet.minute(), fleet.touched);
  expect([...seen].map(([state]) => state)).toEqual([
    '1 RollingOut',
    '1 Baking',
    '2 RollingOut',
    '2 Baking',
    '3 RollingOut',
    '3 Baking',
    '4 RollingOut',
    '4 Done',
  ]);
  expect(seen.get('1 Baking')).toBe(1);
  expect(seen.get('2 Baking')).toBeGreaterThan(25);
  expect(seen.get('2 Baking')).toBeLessThan(80);
  expect(seen.get('3 Baking')).toBeGreaterThan(400);
  expect(seen.get('3 Baking')).toBeLessThan(600);
  expect(fleet.touched).toBe(5000);
});

test('it bakes as long as it shall', () => {
  const fleet = new Fleet(100);
  fleet.look();
  fleet.apply();
  fleet.now += 1000;
  const { againAt } = fleet.look();
  expect(againAt).toBeGreaterThanOrEqual(fleet.now + 300_000);
  fleet.now = (againAt ?? 0) - 2000;
  expect(fleet.look().rollout.state).toBe('Baking');
  fleet.now += 3000;
  expect(fleet.look().rollout.stage).toBe(2);
});

test('the first failure of the canary stops it, and it stays so until it is told to go on', () => {
  const fleet = new Fleet(1000);
  fleet.bad = () => true;
  expect(fleet.run(60)).toBe('1 Stopped');
  expect(fleet.touched).toBe(1);
  fleet.bad = () => false;
  // That the router has it after all changes nothing.
  fleet.seats = fleet.seats.map((seat) =>
    seat.outcome === 'failed' ? { ...seat, outcome: 'applied' } : seat,
  );
  expect(fleet.run(60)).toBe('1 Stopped');
  fleet.input = { ...fleet.input, resume: 'go on' };
  expect(fleet.run(60)).toBe('4 Done');
});

test('a change of its settings lets it go on, and another rate lets more of a stage fail', () => {
  const fleet = new Fleet(1000);
  fleet.bad = ({ uid }) => /[37]$/.test(uid);
  fleet.run(120);
  expect(fleet.rollout?.state).toBe('Stopped');
  fleet.input = {
    ...fleet.input,
    generation: 2,
    settings: rolloutSettings(profile('a/p', { rollout: { maxFailures: '50%' } })),
  };
  expect(fleet.run(120)).toBe('4 Done');
});

test('what is rolled out next begins anew', () => {
  const fleet = new Fleet(1000);
  fleet.run(60);
  fleet.revision = 'two';
  fleet.minute();
  expect(fleet.touched).toBe(1);
  expect(fleet.rollout?.startedAt).not.toBe('2026-01-15T12:01:00Z');
});

test('back to what all but a few have, it goes to these at once', () => {
  const fleet = new Fleet(1000, { outcome: 'applied' });
  fleet.seats = fleet.seats.map((seat, at) => (at < 5 ? { ...seat, outcome: undefined } : seat));
  fleet.look();
  expect(fleet.rollout?.share).toBe(1000);
  fleet.apply();
  expect(fleet.minute()).toBe('4 Done');
});

test('a status that was lost begins nothing anew', () => {
  const fleet = new Fleet(1000);
  fleet.run(60);
  fleet.rollout = undefined;
  expect(fleet.look().rollout.state).toBe('Done');
});

test('for more routers, of another selector or class, it begins with a canary of those', () => {
  const fleet = new Fleet(10);
  fleet.run(60);
  expect(fleet.rollout?.state).toBe('Done');
  fleet.seats = [...fleet.seats, ...new Fleet(1000).seats.slice(10)];
  fleet.input = { ...fleet.input, classes: ['standard'] };
  fleet.look();
  expect(fleet.rollout).toMatchObject({ state: 'RollingOut', stage: 1, share: 0 });
  fleet.apply();
  expect(fleet.touched).toBe(11);
  expect(fleet.run(60)).toBe('4 Done');
});

test('routers that never connected are not waited for, and a fleet without any other has nothing to fear', () => {
  const fleet = new Fleet(1000, { presence: 'new' });
  expect(fleet.minute()).toBe('4 Done');
});

test('while the whole fleet is away it waits, and begins with one that comes back', () => {
  const fleet = new Fleet(3, { presence: 'away' });
  expect(fleet.run(30)).toBe('1 RollingOut');
  expect(fleet.look().held).toEqual({ by: 'nobody' });
  fleet.seats = fleet.seats.map((seat) => ({ ...seat, presence: 'up' }));
  fleet.minute();
  expect(fleet.touched).toBe(1);
});

test('routers that are away hold up nothing as long as most are there', () => {
  const fleet = new Fleet(1000);
  fleet.seats = fleet.seats.map((seat, at) => (at % 4 === 0 ? { ...seat, presence: 'away' } : seat));
  expect(fleet.run(60)).toBe('4 Done');
  expect(fleet.touched).toBe(750);
});

test('a canary that goes away before it told how it was is replaced after a while, and not for ever', () => {
  const fleet = new Fleet(100);
  const cut = () => {
    fleet.look();
    const { canaries = [] } = fleet.rollout ?? {};
    fleet.seats = fleet.seats.map((seat) =>
      canaries.includes(seat.uid) ? { ...seat, presence: 'away' } : seat,
    );
    return canaries.length;
  };
  expect(cut()).toBe(1);
  fleet.now += 9 * MINUTE;
  expect(cut()).toBe(1);
  fleet.now += 2 * MINUTE;
  expect(cut()).toBe(2);
  for (let at = 0; at < 100; at++) {
    fleet.now += MINUTE;
    cut();
  }
  expect(fleet.rollout?.canaries?.length).toBe(3);
  expect(fleet.rollout?.stage).toBe(1);
});

test('routers that have it and go away hold it up, until they are back or somebody says that it is well', () => {
  const fleet = new Fleet(100);
  fleet.look();
  fleet.apply();
  const presence = (one: Seat['presence']) => {
    fleet.seats = fleet.seats.map((seat) => (seat.outcome === 'applied' ? { ...seat, presence: one } : seat));
  };
  presence('away');
  expect(fleet.run(60)).toBe('1 Baking');
  expect(fleet.look().held).toEqual({ by: 'lost' });
  const back = structuredClone(fleet.rollout);
  presence('up');
  expect(fleet.run(60)).toBe('4 Done');
  fleet.rollout = back;
  fleet.seats = new Fleet(100).seats.map((seat) =>
    back?.canaries?.includes(seat.uid) ? { ...seat, outcome: 'applied', presence: 'away' } : seat,
  );
  fleet.input = { ...fleet.input, resume: 'it is well' };
  expect(fleet.run(60)).toBe('4 Done');
});

test('paused, it takes no step', () => {
  const fleet = new Fleet(100);
  fleet.minute();
  fleet.input = { ...fleet.input, settings: { ...fleet.input.settings, paused: true } };
  fleet.run(60);
  expect([fleet.touched, fleet.look().held]).toEqual([1, { by: 'paused' }]);
});

test('outside of its windows it takes no step, and knows when the next one opens', () => {
  const fleet = new Fleet(100);
  const rollout = { windows: [{ from: '02:00', to: '05:00' }] };
  fleet.input = { ...fleet.input, settings: rolloutSettings(profile('a/p', { rollout })) };
  const plan = fleet.look();
  const opensAt = Date.parse('2026-01-16T02:00:00Z');
  expect([plan.rollout.stage, plan.held, plan.againAt]).toEqual([0, { by: 'window', opensAt }, opensAt]);
  fleet.now = opensAt;
  expect(fleet.run(60)).toBe('4 Done');
});

test('stages of the class hold where the profile says nothing, and the last is always all', () => {
  const settings = (own?: Parameters<typeof rolloutSettings>[0]['spec']['rollout']) =>
    rolloutSettings(profile('a/p', own && { rollout: own }), { stages: ['2', '50%'], bakeSeconds: 10 });
  expect(settings().stages.map(({ text }) => text)).toEqual(['2', '50%', '100%']);
  expect(settings({ stages: ['5'] }).stages.map(({ text }) => text)).toEqual(['5', '100%']);
  expect([settings().bakeMs, settings({ bakeSeconds: 0 }).bakeMs]).toEqual([10_000, 0]);
});

const presence = fc.constantFrom<Seat['presence']>('up', 'up', 'up', 'away', 'new');
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('apply' as const), most: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('presence' as const), of: fc.nat(199), presence }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revision' as const), revision: fc.constantFrom('one', 'two') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resume' as const), resume: fc.constantFrom('x', 'y') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

test('whatever happens, only what has its turn is touched, never more fail than may before it stops, and it stays stopped', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom<string[]>(['1', '1%', '10%', '100%'], ['3', '50%'], ['100%'], ['5%', '20']),
      fc.constantFrom('0', '2', '10%', '100%'),
      fc.integer({ min: 0, max: 9 }),
      fc.array(happening, { maxLength: 120 }),
      (count, stages, maxFailures, badness, happenings) => {
        const fleet = new Fleet(count);
        fleet.input.settings = rolloutSettings(
          profile('a/p', { rollout: { stages, maxFailures, bakeSeconds: 60 } }),
        );
        fleet.bad = ({ uid }) => Number(uid.slice(4)) % 10 < badness;
        const touch = (most: number) => {
          const { rollout } = fleet;
          if (rollout === undefined || rollout.state === 'Stopped') return;
          let left = most;
          fleet.seats = fleet.seats.map((seat) => {
            if (left === 0 || seat.presence !== 'up' || seat.outcome === 'applied') return seat;
            if (!inWave(seat.uid, rollout)) return seat;
            left--;
            return { ...seat, outcome: fleet.bad(seat) ? 'failed' : 'applied' };
          });
        };
        for (const one of happenings) {
          if (one.do === 'time') fleet.now += one.ms;
          if (one.do === 'apply') touch(one.most);
          if (one.do === 'presence')
            fleet.seats = fleet.seats.map((seat, at) =>
              at === one.of ? { ...seat, presence: one.presence } : seat,
            );
          if (one.do === 'revision' && one.revision !== fleet.input.revision) fleet.revision = one.revision;
          if (one.do === 'resume') fleet.input = { ...fleet.input, resume: one.resume };
          const before = fleet.rollout;
          const { rollout, wave } = fleet.look();
          // Looked at once more, nothing is different: it comes to rest, and another leader decides the same.
          expect(fleet.look().rollout).toEqual(rollout);
          const isSame = before?.revision === rollout.revision;
          if (before !== undefined && isSame) {
            expect(rollout.share).toBeGreaterThanOrEqual(before.share);
            expect(rollout.stage).toBeGreaterThanOrEqual(before.stage);
            expect(rollout.canaries ?? []).toEqual(expect.arrayContaining([...(before.canaries ?? [])]));
            if (before.state === 'Stopped' && one.do !== 'resume') expect(rollout).toEqual(before);
          }
          const amount = fleet.input.settings.stages[rollout.stage - 1]?.amount;
          if (amount !== undefined && 'routers' in amount && rollout.share === 0)
            expect(rollout.canaries?.length ?? 0).toBeLessThanOrEqual(amount.routers * 3);
          if (rollout.state === 'RollingOut' || rollout.state === 'Baking') {
            const most = countOf(fleet.input.settings.maxFailures, wave.applied + wave.failed + wave.pending);
            expect(wave.failed - Math.min(wave.failed, rollout.forgiven ?? 0)).toBeLessThanOrEqual(most);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a healthy fleet gets all of it in the end, whatever the stages', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.constantFrom('1', '7', '20', '0.5%', '3%', '40%', '100%'), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(0, 90),
      (count, stages, bakeSeconds) => {
        const fleet = new Fleet(count);
        fleet.input.settings = rolloutSettings(profile('a/p', { rollout: { stages, bakeSeconds } }));
        fleet.run(40);
        expect([fleet.rollout?.state, fleet.touched]).toEqual(['Done', count]);
      },
    ),
  );
});
