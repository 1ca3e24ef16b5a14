import { clockSentence, judgeClock, NodeClock } from '../../../src/gateway/node-clock.ts';
import type { ClockOffset, EventInput } from '../../../src/kube/index.ts';
import { recordingLogger } from '../kube/recording-logger.ts';

/** Of a reply that took no time: a second of doubt is left. */
const off = (seconds: number, doubt = 1): ClockOffset => ({
  least: seconds * 1000,
  most: (seconds + doubt) * 1000,
});

describe('the clock of a node', () => {
  test.each<[offset: ClockOffset, verdict: ReturnType<typeof judgeClock>]>([
    [off(0), 'right'],
    [off(4), 'right'],
    [off(-5), 'right'],
    [off(4.1), 'unsure'],
    [off(-5.1), 'unsure'],
    [off(10), 'unsure'],
    [off(-11), 'unsure'],
    [off(10.1), 'wrong'],
    [off(-11.1), 'wrong'],
    // Replies that took a minute leave it open, unless it is off by more than that.
    [off(-30, 60), 'unsure'],
    [off(-300, 60), 'wrong'],
  ])('that is off by %j is %s', (offset, verdict) => expect(judgeClock(offset)).toBe(verdict));

  test.each([
    [61, 'about 60 s ahead of'],
    [-12, 'about 10 s behind'],
    [-3_601, 'about 60 min behind'],
    [12 * 3_600, 'about 12 h ahead of'],
    [-56 * 365 * 86_400, 'about 20440 days behind'],
  ])('that is wrong by %i s is told of as %s', (seconds, words) =>
    expect(clockSentence(off(seconds))).toBe(
      `The clock of this node is ${words} that of the API server: let NTP set it (chrony, systemd-timesyncd); if all gateways say so, set that of the control plane.`,
    ),
  );
});

test('it is told once as an Event on the Node, and again only after it was right', () => {
  const told: EventInput[] = [];
  let offset: ClockOffset | undefined;
  const clock = new NodeClock({
    nodeName: 'edge-1',
    offset: () => offset,
    recorder: { record: (event) => told.push(event) },
    logger: recordingLogger(),
  });
  const look = (now: ClockOffset | undefined): string | undefined => {
    offset = now;
    clock.look();
    return clock.problem;
  };
  expect(look(undefined)).toBeUndefined();
  expect(look(off(1))).toBeUndefined();
  expect(look(off(3_600))).toMatch(/about 60 min ahead/);
  expect(look(off(3_900))).toMatch(/about 65 min ahead/);
  // What is unsure changes nothing.
  expect(look(off(7))).toMatch(/about 65 min ahead/);
  expect(look(undefined)).toMatch(/about 65 min ahead/);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    regarding: { kind: 'Node', name: 'edge-1' },
    type: 'Warning',
    reason: 'NodeClockWrong',
  });
  expect(look(off(0))).toBeUndefined();
  expect(look(off(-3_600))).toMatch(/about 60 min behind/);
  expect(told).toHaveLength(2);
});
