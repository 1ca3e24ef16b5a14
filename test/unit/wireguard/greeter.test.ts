import { setImmediate as turn } from 'node:timers/promises';
import { Greeter } from '../../../src/wireguard/tunnel/greeter.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { keyOf } from './peers.ts';

const keys = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, number) => keyOf(from + number));

/** A greeter by a clock that is turned by hand, and what it has sent when. */
function createGreeter() {
  const clock = new FakeClock();
  const sent: { at: number; keys: readonly string[] }[] = [];
  const greeter = new Greeter({
    now: () => clock.monotonic(),
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const cancel = clock.after(ms, resolve);
        signal.addEventListener('abort', () => {
          cancel();
          reject(signal.reason);
        });
      }),
  });
  const greet = (all: readonly string[]): Promise<void> =>
    greeter.greet(all, async (some) => void sent.push({ at: clock.monotonic(), keys: some }));
  return { clock, sent, greeter, greet };
}

describe('peers that are spoken to first', () => {
  test('are all spoken to at once where they are few', async () => {
    const { sent, greet } = createGreeter();
    await greet(keys(100));
    expect(sent).toEqual([{ at: 0, keys: keys(100) }]);
  });

  test('are 500 a second at most, each once and in their order', async () => {
    const { clock, sent, greet } = createGreeter();
    const done = greet(keys(1250));
    await clock.advance(10_000);
    await done;
    expect(sent.map(({ at, keys: some }) => [at, some.length])).toEqual([
      ...Array.from({ length: 12 }, (_, number) => [number * 200, 100]),
      [2400, 50],
    ]);
    expect(sent.flatMap(({ keys: some }) => some)).toEqual(keys(1250));
  });

  test('are so many of all tunnels together, and who asked first is first', async () => {
    const { clock, sent, greet } = createGreeter();
    const done = Promise.all(Array.from({ length: 100 }, (_, number) => greet(keys(10, number * 10))));
    await clock.advance(1000);
    expect(sent.length).toBe(51);
    await clock.advance(980);
    await done;
    expect(sent.map(({ at }) => at)).toEqual(Array.from({ length: 100 }, (_, number) => number * 20));
    expect(sent.flatMap(({ keys: some }) => some)).toEqual(keys(1000));
  });

  test('may be as many at once again after a pause, and not more', async () => {
    const { clock, sent, greet } = createGreeter();
    await greet(keys(100));
    clock.stall(60_000);
    const done = greet(keys(200));
    await clock.advance(1000);
    await done;
    expect(sent.map(({ at }) => at)).toEqual([0, 60_000, 60_200]);
  });

  test('are left alone when the sidecar stops, without anything waiting on', async () => {
    const { clock, sent, greeter, greet } = createGreeter();
    const done = greet(keys(300));
    await turn();
    greeter.stop();
    await done;
    await greet(keys(10));
    expect(sent).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('are left alone when their tunnel cannot be spoken for', async () => {
    const { greeter } = createGreeter();
    const sends: number[] = [];
    const refused = greeter.greet(keys(300), async (some) => {
      sends.push(some.length);
      throw new Error('no tunnel');
    });
    await expect(refused).rejects.toThrow('no tunnel');
    expect(sends).toEqual([100]);
  });

  test('are spoken to by the real clock as well', async () => {
    const greeter = new Greeter();
    const begun = performance.now();
    await greeter.greet(keys(101), async () => undefined);
    expect(performance.now() - begun).toBeGreaterThan(190);
    const done = greeter.greet(keys(1000), async () => undefined);
    greeter.stop();
    await done;
  });
});
