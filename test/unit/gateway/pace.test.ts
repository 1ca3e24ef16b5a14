import { defaultPace, pauseBeforeNextRead } from '../../../src/gateway/pace.ts';

const input = {
  awaited: false,
  tunnels: 1,
  peers: 10,
  lastReadMs: 1,
  sinceArrivalMs: Number.POSITIVE_INFINITY,
  random: 0.5,
};

describe('the pause between two readings of a tunnel', () => {
  test('is half a second while somebody waits, else five', () => {
    expect(pauseBeforeNextRead(defaultPace, { ...input, awaited: true })).toBe(500);
    expect(pauseBeforeNextRead(defaultPace, input)).toBe(5_000);
  });

  test('is spread by a tenth to both sides', () => {
    expect(pauseBeforeNextRead(defaultPace, { ...input, random: 0 })).toBe(4_500);
    expect(pauseBeforeNextRead(defaultPace, { ...input, random: 0.999 })).toBeCloseTo(5_499, 0);
  });

  test('leaves two thirds of the time free where a reading takes long', () => {
    const long = { ...input, awaited: true, lastReadMs: 900, sinceArrivalMs: undefined };
    expect(pauseBeforeNextRead(defaultPace, long)).toBe(1_800);
    expect(pauseBeforeNextRead(defaultPace, { ...long, sinceArrivalMs: 1_000 })).toBe(1_800);
  });

  test('is long for a large tunnel, until the sidecar has heard somebody; without its ears as for others', () => {
    const large = { ...input, peers: 65_000, lastReadMs: 200 };
    expect(pauseBeforeNextRead(defaultPace, large)).toBe(29_250);
    expect(pauseBeforeNextRead(defaultPace, { ...large, awaited: true })).toBe(29_250);
    const heard = { ...large, awaited: true, sinceArrivalMs: 2_000 };
    expect(pauseBeforeNextRead(defaultPace, heard)).toBe(500);
    expect(pauseBeforeNextRead(defaultPace, { ...large, awaited: true, sinceArrivalMs: undefined })).toBe(
      500,
    );
  });

  test('grows with a thousand tunnels, but not for the one that somebody waits for', () => {
    expect(pauseBeforeNextRead(defaultPace, { ...input, tunnels: 1_000 })).toBe(10_000);
    expect(pauseBeforeNextRead(defaultPace, { ...input, tunnels: 1_000, awaited: true })).toBe(500);
  });
});
