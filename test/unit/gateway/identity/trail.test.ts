import {
  beginTrail,
  isFlapping,
  isStale,
  lastTwo,
  nextTrail,
  shakesTooOften,
  type Trail,
} from '../../../../src/gateway/identity/trail.ts';

const S = 1_000;
const MIN = 60 * S;
const HOME = '192.0.2.1:13231';
const ELSEWHERE = '198.51.100.7:1024';

/** Readings: seconds, endpoint, last handshake. */
function walk(readings: readonly (readonly [number, string, number])[]): Trail {
  const [[at, endpoint, lastHandshake]] = readings as [[number, string, number]];
  return readings.reduce(
    (trail, [seconds, place, handshake]) =>
      nextTrail(trail, { endpoint: place, lastHandshake: handshake }, seconds * S),
    beginTrail({ endpoint, lastHandshake }, at * S),
  );
}

/** Two routers with one key as WireGuard shows them, read every 5 s: keepalives and rekeys at their own times. */
function clones(seconds: number, offset = 11): Trail {
  const readings: [number, string, number][] = [];
  let endpoint = HOME;
  let handshake = 0;
  for (let at = 0; at <= seconds; at += 1) {
    if (at % 25 === 0) endpoint = HOME;
    if (at % 25 === offset) endpoint = ELSEWHERE;
    if (at % 125 === 0 || at % 125 === 25 + offset) handshake = at;
    if (at % 5 === 0) readings.push([at, endpoint, handshake]);
  }
  return walk(readings);
}

test('nothing new gives the very same trail', () => {
  const trail = beginTrail({ endpoint: HOME, lastHandshake: 1 }, 0);
  expect(nextTrail(trail, { endpoint: HOME, lastHandshake: 1 }, 5_000)).toBe(trail);
});

test.each([1, 6, 11, 19, 24])(
  'two routers with one key, %d s apart, go back and forth within 5 minutes',
  (offset) => {
    const trail = clones(300, offset);
    // Read every 5 s: a place that is left within less is seen now and then only.
    if (offset > 4 && offset < 21) expect(isFlapping(trail, 300 * S)).toBe(true);
    expect(shakesTooOften(clones(600, offset), 600 * S)).toBe(true);
  },
);

test('a router on a mobile network that never comes back to an address does not', () => {
  const readings = Array.from({ length: 120 }, (_, step) => {
    const seconds = step * 5;
    return [seconds, `100.64.${step}.1:${1024 + step}`, Math.floor(seconds / 120) * 120] as const;
  });
  const trail = walk(readings);
  expect(isFlapping(trail, 600 * S)).toBe(false);
  expect(shakesTooOften(trail, 600 * S)).toBe(false);
  expect(trail.places.size).toBeLessThanOrEqual(9);
});

test('nor does one that changes to its second uplink and back once', () => {
  const trail = walk([
    [0, HOME, 1],
    [100, ELSEWHERE, 100],
    [400, HOME, 400],
  ]);
  expect(isFlapping(trail, 400 * S)).toBe(false);
  expect(lastTwo(trail)).toEqual([HOME, ELSEWHERE]);
});

test('what was ten minutes ago counts no more', () => {
  const trail = clones(300);
  expect(isFlapping(trail, 300 * S)).toBe(true);
  expect(isFlapping(trail, 300 * S + 11 * MIN)).toBe(false);
  expect(isStale(trail, 300 * S + 30 * MIN)).toBe(false);
  expect(isStale(trail, 300 * S + 61 * MIN)).toBe(true);
});

test('handshakes are judged only after five minutes', () => {
  expect(shakesTooOften(clones(200), 200 * S)).toBeUndefined();
});

test('its memory is bounded, whatever comes', () => {
  let trail = beginTrail({ endpoint: 'a', lastHandshake: 0 }, 0);
  for (let at = 1; at < 5_000; at += 1) {
    trail = nextTrail(trail, { endpoint: at % 2 === 0 ? 'a' : `b${at % 50}`, lastHandshake: at }, at);
  }
  expect(trail.places.size).toBeLessThanOrEqual(9);
  expect(trail.returns.length).toBeLessThanOrEqual(64);
  expect(trail.handshakes.length).toBeLessThanOrEqual(64);
});
