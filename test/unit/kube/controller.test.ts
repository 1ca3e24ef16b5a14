import {
  type Change,
  Controller,
  type ControllerOptions,
  type Informer,
  type KubeObject,
  keyOf,
  type Reconcile,
  TerminalError,
  type VersionedStore,
} from '../../../src/kube/index.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingLogger } from './recording-logger.ts';

function setUp(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = new FakeClock();
  const logger = recordingLogger();
  const backoff = { baseMs: 100, maxMs: 1000 };
  const controller = new Controller({
    name: 'test',
    reconcile,
    logger,
    clock,
    random: () => 1,
    backoff,
    ...options,
  });
  const stop = new AbortController();
  const state = { ended: false };
  const run = () => {
    void controller.run(stop.signal, 4000).then(() => {
      state.ended = true;
    });
  };
  return { clock, logger, controller, stop, run, state };
}

const object = (resourceVersion: string, uid = 'u'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', uid, resourceVersion },
});

describe('a controller', () => {
  test('reconciles a key and counts the outcome, all counts being there from the start', async () => {
    const done: string[] = [];
    const { clock, controller, run } = setUp(async (key) => {
      done.push(key);
      return undefined;
    });
    expect(controller.outcomes).toEqual({
      success: 0,
      requeueAfter: 0,
      error: 0,
      terminalError: 0,
      stale: 0,
    });
    run();
    controller.enqueue('a');
    await clock.advance(1);
    expect(done).toEqual(['a']);
    expect(controller.outcomes.success).toBe(1);
  });

  test('works with a batch that is larger than its workers are many', async () => {
    const done: string[] = [];
    const reconcile: Reconcile = async (key) => void done.push(key);
    const { clock, controller, run } = setUp(reconcile, { concurrency: 2, batch: 3 });
    run();
    for (const key of ['n/a', 'n/b', 'n/c']) controller.enqueue(key);
    await clock.advance(1);
    expect(done.sort()).toEqual(['n/a', 'n/b', 'n/c']);
  });

  test('tries again after an error, ever later, and begins anew after success', async () => {
    const at: number[] = [];
    let failures = 3;
    const { clock, controller, run } = setUp(async () => {
      at.push(clock.monotonic());
      if (failures-- > 0) throw new Error('no');
      return undefined;
    });
    run();
    controller.enqueue('a');
    await clock.advance(5000);
    expect(at).toEqual([0, 100, 300, 700]);
    failures = 1;
    controller.enqueue('a');
    await clock.advance(99);
    expect(at).toHaveLength(5);
    await clock.advance(1);
    expect(at).toHaveLength(6);
    expect(controller.outcomes).toMatchObject({ error: 4, success: 2 });
  });

  test('leaves a key with a terminal error alone until it changes', async () => {
    const { clock, controller, run } = setUp(async () => {
      throw new TerminalError('The spec makes no sense.');
    });
    run();
    controller.enqueue('a');
    await clock.advance(100_000);
    expect(controller.outcomes).toMatchObject({ terminalError: 1, error: 0 });
    controller.enqueue('a');
    await clock.advance(1);
    expect(controller.outcomes.terminalError).toBe(2);
  });

  test('comes back when it was asked to', async () => {
    const { clock, controller, run } = setUp(async () => ({ requeueAfterMs: 1000 }));
    run();
    controller.enqueue('a');
    await clock.advance(3500);
    expect(controller.outcomes.requeueAfter).toBe(4);
  });

  test('works on as many keys at once as it may, and never twice on one', async () => {
    const now = new Set<string>();
    let most = 0;
    const { clock, controller, run } = setUp(
      async (key) => {
        expect(now.has(key)).toBe(false);
        now.add(key);
        most = Math.max(most, now.size);
        await new Promise<void>((resolve) => void clock.after(50, resolve));
        now.delete(key);
        return undefined;
      },
      { concurrency: 3 },
    );
    run();
    for (let round = 0; round < 20; round++) {
      for (const key of ['a', 'b', 'c', 'd', 'e']) controller.enqueue(key);
      await clock.advance(20);
    }
    await clock.advance(1000);
    expect(most).toBe(3);
    expect(controller.outcomes.error).toBe(0);
  });

  test('does not let one bad key hold up another', async () => {
    const done: string[] = [];
    const { clock, controller, run } = setUp(async (key) => {
      if (key === 'bad') throw new Error('no');
      done.push(key);
      return undefined;
    });
    run();
    for (const key of ['bad', 'a', 'b']) controller.enqueue(key);
    await clock.advance(1);
    expect(done.sort()).toEqual(['a', 'b']);
  });

  test('aborts a reconcile whose time is over', async () => {
    const { clock, controller, run } = setUp(
      (_key, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { timeoutMs: 500 },
    );
    run();
    controller.enqueue('a');
    await clock.advance(499);
    expect(controller.outcomes.error).toBe(0);
    await clock.advance(1);
    expect(controller.outcomes.error).toBe(1);
  });

  test('stops by aborting what is in work and awaiting its end', async () => {
    let aborted = false;
    const { clock, controller, stop, run, state } = setUp(async (_key, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      await new Promise<void>((resolve) => void clock.after(1000, resolve));
      return undefined;
    });
    run();
    controller.enqueue('a');
    controller.enqueue('never');
    await clock.advance(100);
    stop.abort();
    await clock.advance(100);
    expect([aborted, state.ended]).toEqual([true, false]);
    await clock.advance(1000);
    expect([controller.outcomes.success, state.ended]).toEqual([1, true]);
  });

  test('stops without a reconcile that will not end, and says so', async () => {
    const { clock, controller, stop, run, state, logger } = setUp(() => new Promise(() => undefined));
    run();
    controller.enqueue('a');
    await clock.advance(1);
    stop.abort();
    await clock.advance(4000);
    expect(state.ended).toBe(true);
    expect(logger.messages('warn')).toEqual([expect.stringContaining('still in work')]);
  });

  test('goes on when the hook for outcomes throws', async () => {
    const { clock, controller, run } = setUp(async () => undefined, {
      onReconciled: () => {
        throw new Error('metrics');
      },
    });
    run();
    controller.enqueue('a');
    await clock.advance(1);
    controller.enqueue('a');
    await clock.advance(1);
    expect(controller.outcomes.success).toBe(2);
  });
});

function fakeInformer(objects: KubeObject[] = []) {
  const handlers: ((change: Change<KubeObject>) => void)[] = [];
  const informer = {
    synced: Promise.resolve(),
    list: () => objects,
    onChange: (handler: (change: Change<KubeObject>) => void) => handlers.push(handler),
  } as unknown as Informer<KubeObject>;
  const tell = (change: Change<KubeObject>): void => {
    for (const handler of handlers) handler(change);
  };
  return { informer, tell };
}

describe('what an informer tells', () => {
  const router = (name: string, generation: number, version: number): KubeObject => ({
    apiVersion: 'example.com/v1',
    kind: 'Router',
    metadata: { namespace: name, name, uid: name, generation, resourceVersion: String(version) },
  });
  const changed = (object: KubeObject, old: KubeObject): Change<KubeObject> => ({
    type: 'updated',
    key: keyOf(object),
    object,
    old,
    initial: false,
  });

  test('comes in this order: what a person changed, what is only a status, what a restart lists', async () => {
    const done: string[] = [];
    const { clock, controller, run } = setUp(async (key) => {
      done.push(key);
      return undefined;
    });
    const { informer, tell } = fakeInformer();
    controller.watches(informer);
    const old = router('old', 1, 1);
    old.metadata.creationTimestamp = new Date(clock.wall() - 61_000).toISOString();
    tell({ type: 'added', key: keyOf(old), object: old, initial: true });
    tell(changed(router('status', 1, 2), router('status', 1, 1)));
    tell(changed(router('spec', 2, 2), router('spec', 1, 1)));
    // A kind that counts no generations may be all spec, as a ConfigMap is.
    tell(changed(object('2'), object('1')));
    const leaving = router('leaving', 1, 2);
    leaving.metadata.deletionTimestamp = '2026-11-26T00:00:00Z';
    tell(changed(leaving, router('leaving', 1, 1)));
    run();
    await clock.advance(1);
    expect(done.slice(0, 3).sort()).toEqual(['a', 'leaving/leaving', 'spec/spec']);
    expect(done.slice(3)).toEqual(['status/status', 'old/old']);
  });
});

test('a controller that stands by queues nothing, and begins with what is there then', async () => {
  const done: string[] = [];
  const reconcile: Reconcile = async (key) => {
    done.push(key);
    return undefined;
  };
  const { clock, controller, run } = setUp(reconcile, { asleep: true });
  const gone = { ...object('1'), metadata: { name: 'gone' } };
  const { informer, tell } = fakeInformer([object('7')]);
  controller.watches(informer);
  tell({ type: 'added', key: 'gone', object: gone, initial: true });
  tell({ type: 'deleted', key: 'gone', object: gone, initial: false });
  controller.enqueue('also');
  controller.queue.addAfter('later', 5);
  await clock.advance(10);
  expect(controller.queue.stats()).toMatchObject({ depth: 0, delayed: 0, adds: 0 });
  controller.wake();
  controller.enqueue('by hand');
  run();
  await clock.advance(10);
  expect(done.sort()).toEqual(['a', 'by hand']);
});

describe('a key whose own write the cache has not shown', () => {
  const store = () => {
    const state = { version: 10n, object: undefined as KubeObject | undefined };
    const informer: VersionedStore = {
      hasReached: (version) => state.version >= BigInt(version),
      get: () => state.object,
    };
    return { state, informer };
  };

  test('waits until the cache has passed it; other keys do not', async () => {
    const { state, informer } = store();
    const done: string[] = [];
    const { clock, controller, run } = setUp(async (key, context) => {
      done.push(key);
      if (key === 'a') context.wrote(informer, object('12'));
      return undefined;
    });
    run();
    controller.enqueue('a');
    await clock.advance(1);
    controller.enqueue('a');
    controller.enqueue('b');
    await clock.advance(1000);
    expect(done).toEqual(['a', 'b']);
    state.version = 11n;
    await clock.advance(1000);
    expect(done).toEqual(['a', 'b']);
    state.version = 12n;
    await clock.advance(500);
    expect(done).toEqual(['a', 'b', 'a']);
    expect(controller.outcomes.stale).toBeGreaterThan(0);
  });

  test('waits until the cache no longer has what it deleted', async () => {
    const { state, informer } = store();
    state.object = object('9');
    let runs = 0;
    const { clock, controller, run } = setUp(async (_key, context) => {
      if (runs++ === 0) context.deleted(informer, object('9'));
      return undefined;
    });
    run();
    controller.enqueue('a');
    await clock.advance(1);
    controller.enqueue('a');
    await clock.advance(2000);
    expect(runs).toBe(1);
    state.object = object('14', 'another');
    await clock.advance(600);
    expect(runs).toBe(2);
  });

  test('is reconciled all the same after 10 s, with a word about it', async () => {
    const { informer } = store();
    let runs = 0;
    const { clock, controller, run, logger } = setUp(async (_key, context) => {
      if (runs++ === 0) context.wrote(informer, object('99'));
      return undefined;
    });
    run();
    controller.enqueue('a');
    await clock.advance(1);
    controller.enqueue('a');
    await clock.advance(9_900);
    expect(runs).toBe(1);
    await clock.advance(700);
    expect(runs).toBe(2);
    expect(logger.messages('warn')).toEqual([expect.stringContaining('has not shown a write')]);
  });
});
