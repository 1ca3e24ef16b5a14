import fc from 'fast-check';
import { adoptLink, type Link, type Moment, newLink, nextLink } from '../../../src/gateway/connectivity.ts';

const OFFLINE_AFTER = 180_000;
const START = 1_800_000_000_000;
const at = (seconds: number, clockJump = 0): Moment => ({
  wall: START + (seconds + clockJump) * 1000,
  monotonic: seconds * 1000,
});
const second = (seconds: number): number => START / 1000 + seconds;
const step = (link: Link, counter: number, now: Moment) => nextLink(link, counter, now, OFFLINE_AFTER);

describe('the link of a router', () => {
  test('stays Awaiting, and the same object, while there is no handshake', () => {
    const link = newLink(at(0));
    expect(step(link, 0, at(1_000_000))).toBe(link);
  });

  test('is Connected by the first handshake', () => {
    expect(step(newLink(at(0)), second(9), at(10))).toMatchObject({ state: 'Connected', arrivals: 1 });
  });

  test('is Offline at once when the first handshake seen is older than 180 s', () => {
    expect(step(newLink(at(0)), second(9), at(189)).state).toBe('Offline');
  });

  test('is Connected 179 s after the last handshake and Offline after 180', () => {
    const link = step(newLink(at(0)), second(10), at(10));
    expect(step(link, second(10), at(189)).state).toBe('Connected');
    expect(step(link, second(10), at(190)).state).toBe('Offline');
  });

  test('comes back by a new handshake, not by an old one', () => {
    const gone = step(step(newLink(at(0)), second(10), at(10)), second(10), at(200));
    expect(step(gone, second(10), at(201)).state).toBe('Offline');
    expect(step(gone, second(300), at(300))).toMatchObject({ state: 'Connected', arrivals: 2 });
  });

  test('gets 180 s from when its interface was made again', () => {
    const link = step(newLink(at(0)), second(10), at(10));
    const remade = step(link, 0, at(150));
    expect(remade).toMatchObject({ state: 'Connected', lastHandshake: second(10) });
    expect(step(remade, 0, at(329)).state).toBe('Connected');
    expect(step(remade, 0, at(330)).state).toBe('Offline');
  });

  test('that the status calls connected gets 180 s from the start of the agent, without arriving', () => {
    const link = adoptLink(newLink(at(0)), at(0));
    expect(step(link, 0, at(179))).toMatchObject({ state: 'Connected', arrivals: 0 });
    expect(step(link, 0, at(180)).state).toBe('Offline');
    expect(step(link, second(-30), at(1))).toMatchObject({ state: 'Connected', arrivals: 0 });
    expect(step(link, second(-200), at(1)).state).toBe('Offline');
  });

  test('that knows better is not adopted', () => {
    const gone = step(newLink(at(0)), second(0), at(200));
    expect(adoptLink(gone, at(201))).toBe(gone);
  });

  test.each([3600, -3600])('does not change when the wall clock jumps by %i s', (jump) => {
    const link = step(newLink(at(0)), second(10), at(10));
    expect(step(link, second(10), at(60, jump)).state).toBe('Connected');
    expect(step(link, second(10), at(191, jump)).state).toBe('Offline');
  });
});

describe('any sequence of readings', () => {
  const readings = fc.array(
    fc.record({ pause: fc.integer({ min: 0, max: 400 }), age: fc.option(fc.integer({ min: 0, max: 400 })) }),
    { maxLength: 60 },
  );
  /** Runs them; `age` null: the counter as it was. Yields each pair of links. */
  function* run(steps: readonly { pause: number; age: number | null }[]) {
    let link = newLink(at(0));
    let now = 0;
    let counter = 0;
    for (const { pause, age } of steps) {
      now += pause;
      if (age !== null && age <= now) counter = Math.max(counter, second(now - age));
      const next = step(link, counter, at(now));
      yield { link, next, counter, now };
      link = next;
    }
  }

  test('leads to Connected exactly when the latest handshake is younger than 180 s', () => {
    fc.assert(
      fc.property(readings, (steps) => {
        for (const { next, counter, now } of run(steps)) {
          if (counter === 0) expect(next.state).toBe('Awaiting');
          else expect(next.state).toBe(second(now) - counter < 180 ? 'Connected' : 'Offline');
        }
      }),
    );
  });

  test('never leads back to Awaiting, and counts an arrival for each way into Connected', () => {
    fc.assert(
      fc.property(readings, (steps) => {
        for (const { link, next } of run(steps)) {
          if (link.state !== 'Awaiting') expect(next.state).not.toBe('Awaiting');
          const arrived = link.state !== 'Connected' && next.state === 'Connected';
          expect(next.arrivals - link.arrivals).toBe(arrived ? 1 : 0);
          expect(next.lastHandshake).toBeGreaterThanOrEqual(link.lastHandshake);
        }
      }),
    );
  });
});
