import { newLink } from '../../../src/gateway/connectivity.ts';
import {
  beginCall,
  type Calls,
  clockNote,
  isPast,
  lookAfter,
  mayCall,
} from '../../../src/gateway/refused-router.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const at = (seconds: number) => ({ wall: NOW + seconds * 1000, monotonic: seconds * 1000 });
const link = (change: object = {}) => ({
  ...newLink(at(0)),
  state: 'Connected' as const,
  counter: NOW / 1000 - 100,
  ...change,
});
const refused = (change: object = {}) => ({
  interfaceName: 'wg0',
  publicKey: 'a'.repeat(43),
  clock: 86_400,
  attempts: 7,
  quietMs: 30_000,
  agoMs: 1_000,
  ...change,
});

describe('a router that is refused is spoken to', () => {
  test('once nothing else has come from it for longer than its keepalive', () => {
    expect(mayCall(refused(), link(), undefined, at(0))).toBe(true);
    expect(mayCall(refused({ quietMs: 29_000 }), link(), undefined, at(0))).toBe(false);
  });

  test('sooner when it is Offline, which nothing that is alive is', () => {
    const offline = link({ state: 'Offline' });
    expect(mayCall(refused({ quietMs: 500 }), offline, undefined, at(0))).toBe(true);
    expect(mayCall(refused({ quietMs: 0 }), offline, undefined, at(0))).toBe(false);
  });

  test('while its way back is open', () => {
    expect(mayCall(refused({ agoMs: 9_000 }), link(), undefined, at(0))).toBe(false);
  });

  test('not before its first handshake: then it is something else that hinders', () => {
    expect(mayCall(refused(), link({ counter: 0 }), undefined, at(0))).toBe(false);
  });

  test('ever more seldom while it leads to nothing, down to every ten minutes', () => {
    let calls: Calls | undefined;
    const times: number[] = [];
    for (let second = 0; second < 9_000; second += 5) {
      if (calls !== undefined) calls = lookAfter(calls, link(), at(second));
      if (!mayCall(refused(), link(), calls, at(second))) continue;
      calls = beginCall(refused(), link(), calls, at(second));
      times.push(second);
    }
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.slice(0, 5)).toEqual([60, 120, 240, 480, 600]);
    expect(Math.max(...pauses)).toBe(600);
  });
});

describe('a call', () => {
  const begun = beginCall(refused(), link(), undefined, at(0));

  test('has succeeded with a new handshake, and the next trouble begins from the start', () => {
    expect(lookAfter(begun, link(), at(5))).toBe(begun);
    const done = lookAfter(begun, link({ counter: NOW / 1000 }), at(5));
    expect(done).toMatchObject({ state: 'succeeded', failures: 0 });
    expect(lookAfter(done, link({ counter: NOW / 1000 + 9 }), at(9))).toBe(done);
    expect(mayCall(refused(), link(), done, at(59))).toBe(false);
    expect(mayCall(refused(), link(), done, at(60))).toBe(true);
  });

  test('has failed without one, also when the interface was made anew', () => {
    expect(lookAfter(begun, link(), at(45)).state).toBe('failed');
    expect(lookAfter(begun, link({ counter: 0 }), at(45)).state).toBe('failed');
  });

  test('is forgotten long after', () => {
    expect(isPast(begun, at(99_999))).toBe(false);
    expect(isPast({ ...begun, state: 'failed' }, at(1_100))).toBe(false);
    expect(isPast({ ...begun, state: 'failed' }, at(1_201))).toBe(true);
  });
});

describe('what is said of it', () => {
  const noteOf = (clock: number) => clockNote(beginCall(refused({ clock }), link(), undefined, at(0)));

  test.each([
    [86_400, 'its clock said 1970-01-02T00:00:00Z, 57 years before its last handshake'],
    [NOW / 1000 - 100 - 365 * 86_400, '365 days before its last handshake'],
    [NOW / 1000 - 400, '5 minutes before its last handshake'],
    [NOW / 1000, 'earlier than it had been before'],
  ])('of a clock that says %i', (clock, words) => {
    expect(noteOf(clock)).toContain(words);
    expect(noteOf(clock)).toMatch(
      /^The router was refused since its clock said .*Look that it gets the time/,
    );
  });

  test('fits an Event, also of the strangest clock', () => {
    for (const clock of [-62_167_219_200, 253_402_300_799]) expect(noteOf(clock).length).toBeLessThan(1024);
  });
});
