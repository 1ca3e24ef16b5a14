import fc from 'fast-check';
import {
  PRIORITY_LIVE,
  PRIORITY_RESTART,
  PRIORITY_RETRY,
  PRIORITY_STATUS,
  WorkQueue,
} from '../../../src/kube/index.ts';
import { FakeClock } from './fake-clock.ts';
import { PlainTurns } from './plain-turns.ts';

function setUp(backoff = { baseMs: 10, maxMs: 1000 }) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 1, backoff });
  return { clock, queue };
}

/** What `take` has now, or `nothing`. */
async function taken(queue: WorkQueue): Promise<string> {
  if (queue.stats().depth === 0) return 'nothing';
  return (await queue.take()) ?? 'shut down';
}

describe('a work queue', () => {
  test('gives a single key out while hundreds wait, in their namespace, in another, or in any of many', async () => {
    for (const namespaces of [1, 200]) {
      const { queue } = setUp();
      const bulk = Array.from({ length: 1000 }, (_, i) => `n${i % namespaces}/r${i}`);
      for (const key of bulk) queue.add(key);
      const next = async (): Promise<string> => {
        const key = await taken(queue);
        queue.done(key);
        return key;
      };
      for (let i = 0; i < 100; i++) await next();
      for (const single of ['n0/single', 'other/single']) {
        queue.add(single);
        expect([await next(), await next(), await next()]).toContain(single);
      }
      const rest = new Set<string>();
      while (queue.stats().depth > 0) rest.add(await next());
      expect(rest.size).toBe(900 - 2 * 3 + 2);
    }
  });

  test('holds a key that is added many times once', async () => {
    const { queue } = setUp();
    for (let i = 0; i < 5; i++) queue.add('a');
    expect(await taken(queue)).toBe('a');
    queue.done('a');
    expect(await taken(queue)).toBe('nothing');
  });

  test('never gives a key to two workers, and gives it once more when it was added meanwhile', async () => {
    const { queue } = setUp();
    queue.add('a');
    expect(await taken(queue)).toBe('a');
    queue.add('a');
    queue.add('a');
    expect(await taken(queue)).toBe('nothing');
    queue.done('a');
    expect(await taken(queue)).toBe('a');
    queue.done('a');
    expect(await taken(queue)).toBe('nothing');
  });

  test('gives live changes out before what a restart brought', async () => {
    const { queue } = setUp();
    queue.add('old1', { priority: PRIORITY_RESTART });
    queue.add('old2', { priority: PRIORITY_RESTART });
    queue.add('live');
    expect([await taken(queue), await taken(queue), await taken(queue)]).toEqual(['live', 'old1', 'old2']);
  });

  test('gives a person’s change out before what only brought a status', async () => {
    const { queue } = setUp();
    queue.add('told', { priority: PRIORITY_STATUS });
    queue.add('live');
    expect([await taken(queue), await taken(queue)]).toEqual(['live', 'told']);
  });

  test('raises the priority of a waiting key and never lowers it', async () => {
    const { queue } = setUp();
    queue.add('first', { priority: PRIORITY_RESTART });
    queue.add('second', { priority: PRIORITY_RESTART });
    queue.add('second', { priority: PRIORITY_LIVE });
    queue.add('second', { priority: PRIORITY_RESTART });
    expect([await taken(queue), await taken(queue)]).toEqual(['second', 'first']);
  });

  test('hands a key straight to a worker that waits', async () => {
    const { queue } = setUp();
    const waiting = queue.take();
    queue.add('a');
    expect(await waiting).toBe('a');
  });

  test('hands out a batch of one flow at one moment, once as many workers are free', async () => {
    const queue = new WorkQueue({ clock: new FakeClock(), batch: 2 });
    const handed: (string | undefined)[] = [];
    const work = () => queue.take().then((key) => handed.push(key));
    for (const key of ['n/1', 'm/1', 'n/2', 'm/2', 'o/1']) queue.add(key);
    const first = work();
    await Promise.resolve();
    expect(handed).toEqual([]);
    await Promise.all([first, work()]);
    expect(handed).toEqual(['n/1', 'n/2']);
    // The flow that came last has one key only: the fourth worker goes on waiting, and gets company.
    const [third, fourth] = [work(), work()];
    await third;
    expect(handed.slice(2)).toEqual(['o/1']);
    await Promise.all([fourth, work()]);
    expect(handed.slice(3)).toEqual(['m/2', 'm/1']);
    expect(queue.stats()).toMatchObject({ depth: 0, processing: 5 });
  });

  test('hands a key out at once while workers wait, without company', async () => {
    const queue = new WorkQueue({ clock: new FakeClock(), batch: 2 });
    const takers = [queue.take(), queue.take()];
    queue.add('n/1');
    expect(await takers[0]).toBe('n/1');
    const ended = queue.shutdown();
    expect(await takers[1]).toBeUndefined();
    queue.done('n/1');
    await ended;
  });

  test('adds a delayed key at its time, and at the earliest of several', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    expect(queue.stats()).toMatchObject({ depth: 0, delayed: 1 });
    await clock.advance(1);
    expect(await taken(queue)).toBe('a');
    queue.done('a');
    await clock.advance(1000);
    expect(await taken(queue)).toBe('nothing');
  });

  test('doubles the wait of a failing key up to the cap, and begins anew after success', async () => {
    const { queue } = setUp({ baseMs: 5, maxMs: 60_000 });
    const waits = Array.from({ length: 16 }, () => queue.retry('a'));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(waits.at(-1)).toBe(60_000);
    queue.forget('a');
    expect(queue.retry('a')).toBe(5);
  });

  test('keeps the failures of one key from another', () => {
    const { queue } = setUp();
    for (let i = 0; i < 6; i++) queue.retry('bad');
    expect(queue.retry('other')).toBe(10);
  });

  test('puts a key that fails on and on behind live changes', async () => {
    const { queue, clock } = setUp();
    queue.add('bad');
    for (let failure = 0; failure < 4; failure++) {
      expect(await taken(queue)).toBe('bad');
      queue.retry('bad');
      queue.done('bad');
      await clock.advance(1000);
    }
    queue.add('live');
    queue.add('restarted', { priority: PRIORITY_RESTART });
    expect([await taken(queue), await taken(queue), await taken(queue)]).toEqual([
      'live',
      'bad',
      'restarted',
    ]);
    expect(PRIORITY_RETRY).toBeGreaterThan(PRIORITY_RESTART);
  });

  test('shuts down by ending waits, forgetting what waits and awaiting what is in work', async () => {
    const { queue, clock } = setUp();
    queue.add('working');
    await queue.take();
    const idle = queue.take();
    queue.addAfter('later', 10);
    let down = false;
    const shutdown = queue.shutdown().then(() => {
      down = true;
    });
    expect(await idle).toBeUndefined();
    queue.add('late');
    queue.retry('late');
    await clock.advance(1000);
    expect(await queue.take()).toBeUndefined();
    expect(down).toBe(false);
    queue.add('working');
    queue.done('working');
    await shutdown;
    expect(queue.stats()).toMatchObject({ depth: 0, delayed: 0, processing: 0 });
    expect(clock.pending).toBe(0);
  });

  test('tells how long the oldest key has waited, also after its priority rose', async () => {
    const { queue, clock } = setUp();
    queue.add('a', { priority: PRIORITY_RESTART });
    await clock.advance(300);
    queue.add('b');
    await clock.advance(200);
    queue.add('a');
    expect(queue.stats().longestWaitMs).toBe(500);
  });
});

/** The queue said in the plainest way: what it must do, step by step, whatever the order. */
class Model {
  ready = new Map<string, number>();
  turns = new Map<number, PlainTurns>();
  processing = new Map<string, number>();
  dirty = new Map<string, number>();
  delayed = new Map<string, { at: number; priority: number }>();
  now = 0;

  add(key: string, priority: number): void {
    if (this.processing.has(key)) {
      this.dirty.set(key, Math.max(priority, this.dirty.get(key) ?? -1000));
      return;
    }
    const known = this.ready.get(key);
    if (known !== undefined && known >= priority) return;
    if (known !== undefined) this.turnsOf(known).leave(key);
    this.ready.set(key, priority);
    this.turnsOf(priority).join(key, key.slice(0, key.indexOf('/')));
  }

  turnsOf(priority: number): PlainTurns {
    const turns = this.turns.get(priority) ?? new PlainTurns();
    this.turns.set(priority, turns);
    return turns;
  }

  addAfter(key: string, ms: number, priority: number): void {
    const known = this.delayed.get(key);
    const at = Math.min(this.now + ms, known?.at ?? Number.POSITIVE_INFINITY);
    this.delayed.set(key, { at, priority: Math.max(priority, known?.priority ?? -1000) });
  }

  take(): string {
    const highest = Math.max(...this.ready.values());
    const [key] = this.turns.get(highest)?.call() ?? [];
    if (key === undefined) return 'nothing';
    this.ready.delete(key);
    this.processing.set(key, highest);
    return key;
  }

  done(key: string): void {
    if (!this.processing.delete(key)) return;
    const priority = this.dirty.get(key);
    this.dirty.delete(key);
    if (priority !== undefined) this.add(key, priority);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    while (true) {
      const due = [...this.delayed].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [key, { at, priority }] = due;
      this.now = at;
      this.delayed.delete(key);
      this.add(key, priority);
    }
    this.now = end;
  }
}

const key = fc.constantFrom('n/a', 'n/b', 'm/c', 'm/d', 'o/e');
const priority = fc.constantFrom(0, -20, -100);
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, priority }),
  // Distinct times, since ties among timers are nobody's promise.
  fc.record({ do: fc.constant('addAfter' as const), key, priority, ms: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('done' as const), key }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 30 }) }),
);

test('a work queue does what its model does, for any sequence of steps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue, clock } = setUp();
      const model = new Model();
      let nudge = 0;
      for (const one of steps) {
        switch (one.do) {
          case 'add':
            queue.add(one.key, { priority: one.priority });
            model.add(one.key, one.priority);
            break;
          case 'addAfter': {
            const ms = one.ms + ++nudge / 1000;
            queue.addAfter(one.key, ms, { priority: one.priority });
            model.addAfter(one.key, ms, one.priority);
            break;
          }
          case 'take':
            expect(await taken(queue)).toBe(model.take());
            break;
          case 'done':
            if (!model.processing.has(one.key)) break;
            queue.done(one.key);
            model.done(one.key);
            break;
          case 'advance':
            await clock.advance(one.ms);
            model.advance(one.ms);
            break;
        }
        expect(queue.stats()).toMatchObject({
          depth: model.ready.size,
          processing: model.processing.size,
          delayed: model.delayed.size,
        });
      }
      // Nothing is lost: everything that was added comes out.
      while (queue.stats().depth > 0) expect(await taken(queue)).toBe(model.take());
    }),
    { numRuns: 400 },
  );
}, 60_000);
