import { defaultPace, pauseBeforeNextRead } from '../../../src/gateway/pace.ts';

const input = { awaited: false, tunnels: 1, lastReadMs: 1, random: 0.5 };

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
    expect(pauseBeforeNextRead(defaultPace, { ...input, awaited: true, lastReadMs: 900 })).toBe(1_800);
  });

  test('grows with a thousand tunnels, but not for the one that somebody waits for', () => {
    expect(pauseBeforeNextRead(defaultPace, { ...input, tunnels: 1_000 })).toBe(10_000);
    expect(pauseBeforeNextRead(defaultPace, { ...input, tunnels: 1_000, awaited: true })).toBe(500);
  });
});
