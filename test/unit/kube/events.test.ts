import { cut } from '../../../src/kube/event-object.ts';
import { EventSeries } from '../../../src/kube/event-series.ts';
import {
  type Event,
  type EventInput,
  EventRecorder,
  type KubeApi,
  KubeApiError,
} from '../../../src/kube/index.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingLogger } from './recording-logger.ts';

const MINUTE = 60_000;
const input: EventInput = {
  regarding: { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'n', name: 'w', uid: 'u' },
  type: 'Warning',
  reason: 'Broken',
  action: 'Mending',
  note: 'It broke.',
};

function setUp() {
  const clock = new FakeClock();
  const events: Event[] = [];
  const api = { failWith: undefined as Error | undefined, hang: false, patches: 0 };
  const client = {
    async create(_type: unknown, object: Event) {
      if (api.hang) await new Promise(() => undefined);
      if (api.failWith) throw api.failWith;
      events.push(object);
      return object;
    },
    async patch(_type: unknown, name: { name: string }, patch: Pick<Event, 'series'>) {
      if (api.failWith) throw api.failWith;
      api.patches++;
      Object.assign(events.find((event) => event.metadata.name === name.name) ?? {}, patch);
    },
  } as unknown as Pick<KubeApi, 'create' | 'patch'>;
  const logger = recordingLogger();
  const recorder = new EventRecorder({
    client,
    reportingController: 'example.com/test',
    reportingInstance: 'pod-1',
    logger,
    clock,
  });
  return { clock, events, api, recorder, logger };
}

describe('an Event recorder', () => {
  test('writes an Event with all that the server asks for', async () => {
    const { clock, events, recorder } = setUp();
    recorder.record(input);
    await clock.advance(0);
    expect(events).toEqual([
      {
        ...input,
        metadata: { name: expect.stringMatching(/^w\.[0-9a-f]{16}$/), namespace: 'n' },
        eventTime: '2026-01-02T03:04:05.678000Z',
        reportingController: 'example.com/test',
        reportingInstance: 'pod-1',
      },
    ]);
  });

  test('makes one Event with a count of like ones, written seldom and exact at the end', async () => {
    const { clock, events, api, recorder } = setUp();
    for (let second = 0; second < 100; second++) {
      recorder.record(input);
      await clock.advance(1000);
    }
    expect(events).toHaveLength(1);
    expect(api.patches).toBe(6);
    expect(events[0]?.series?.count).toBe(64);
    await clock.advance(8 * MINUTE);
    expect(events[0]?.series).toEqual({ count: 100, lastObservedTime: expect.stringMatching(/\.\d{6}Z$/) });
    expect(clock.pending).toBe(0);
  });

  test('begins a new Event when the last like one is 6 minutes old', async () => {
    const { clock, events, recorder } = setUp();
    recorder.record(input);
    await clock.advance(7 * MINUTE);
    recorder.record(input);
    await clock.advance(0);
    expect(events).toHaveLength(2);
  });

  test('keeps Events of other objects, reasons and notes apart', async () => {
    const { clock, events, recorder } = setUp();
    recorder.record(input);
    recorder.record({ ...input, reason: 'Mended' });
    recorder.record({ ...input, note: 'It broke again.' });
    recorder.record({ ...input, regarding: { ...input.regarding, name: 'v' } });
    await clock.advance(0);
    expect(events).toHaveLength(4);
  });

  test('lets one noisy object write 25 at once and no more, and others all the same', async () => {
    const { clock, events, recorder } = setUp();
    for (let i = 0; i < 60; i++) recorder.record({ ...input, note: `Fault ${i}.` });
    recorder.record({ ...input, regarding: { ...input.regarding, name: 'quiet', uid: 'q' } });
    await clock.advance(0);
    expect(events.filter(({ regarding }) => regarding.name === 'w')).toHaveLength(25);
    expect(events.filter(({ regarding }) => regarding.name === 'quiet')).toHaveLength(1);
    await clock.advance(5 * MINUTE);
    recorder.record({ ...input, note: 'One more.' });
    recorder.record({ ...input, note: 'One too many.' });
    await clock.advance(0);
    expect(events.filter(({ regarding }) => regarding.name === 'w')).toHaveLength(26);
  });

  test('holds 1,000 waiting Events and drops the rest', async () => {
    const { clock, api, recorder } = setUp();
    api.hang = true;
    for (let i = 0; i < 1500; i++)
      recorder.record({ ...input, regarding: { ...input.regarding, name: `w${i}` } });
    await clock.advance(0);
    // One is being written.
    expect(recorder.dropped).toBe(499);
  });

  test('drops what the server refuses, without a throw, and goes on', async () => {
    const { clock, events, api, recorder } = setUp();
    api.failWith = new KubeApiError('Invalid', 'No.');
    recorder.record(input);
    await clock.advance(0);
    api.failWith = undefined;
    recorder.record({ ...input, reason: 'Next' });
    await clock.advance(0);
    expect([recorder.dropped, events.length]).toEqual([1, 1]);
  });

  test('takes input that is no Event at all without a throw', () => {
    const { recorder } = setUp();
    expect(() => recorder.record({} as EventInput)).not.toThrow();
    expect(recorder.dropped).toBe(1);
  });

  test('writes the counts of open series when it closes, then takes no more', async () => {
    const { clock, events, recorder } = setUp();
    for (let i = 0; i < 7; i++) recorder.record(input);
    await clock.advance(0);
    await recorder.close();
    recorder.record({ ...input, reason: 'Late' });
    await clock.advance(0);
    expect(events).toHaveLength(1);
    expect(events[0]?.series?.count).toBe(7);
    expect(clock.pending).toBe(0);
  });

  test('does not wait for a hung server beyond its limit when it closes', async () => {
    const { clock, api, recorder } = setUp();
    api.hang = true;
    recorder.record(input);
    let closed = false;
    void recorder.close(2000).then(() => {
      closed = true;
    });
    await clock.advance(1999);
    expect(closed).toBe(false);
    await clock.advance(1);
    expect(closed).toBe(true);
  });
});

test('an Event about a cluster-scoped object goes to the namespace default', async () => {
  const { clock, events, recorder } = setUp();
  recorder.record({ ...input, regarding: { apiVersion: 'v1', kind: 'Node', name: 'node-1' } });
  await clock.advance(0);
  expect(events[0]?.metadata.namespace).toBe('default');
});

test('a note is cut to its bytes between characters', () => {
  expect(cut('ä'.repeat(512), 1024)).toBe('ä'.repeat(512));
  const note = cut('ä'.repeat(600), 1024);
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  expect(note).toBe(`${'ä'.repeat(510)}…`);
});

test('a series that never ends is written every half hour, and memory of series is bounded', () => {
  const series = new EventSeries();
  let writes = 0;
  for (let minute = 0; minute < 24 * 60; minute++) {
    if (series.observe('k', 'o', minute * MINUTE).do === 'update') writes++;
  }
  expect(writes).toBeGreaterThan(40);
  expect(writes).toBeLessThan(60);
  for (let i = 0; i < 10_000; i++) series.observe(`k${i}`, `o${i}`, 24 * 60 * MINUTE);
  expect(series.has('k0')).toBe(false);
  expect(series.has('k9999')).toBe(true);
});
