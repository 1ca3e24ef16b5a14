import {
  ANNOTATION_CLOCK,
  ANNOTATION_PROBLEM,
  ANNOTATION_RELAY,
  ANNOTATION_TUNNELS,
} from '../../../src/api/index.ts';
import { type GatewayFacts, Heartbeat } from '../../../src/gateway/heartbeat.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { FakeLeases, type Fate } from '../kube/fake-leases.ts';
import { recordingLogger } from '../kube/recording-logger.ts';

const MINUTE = 60_000;

function start(mayWrite = true) {
  const clock = new FakeClock();
  const leases = new FakeLeases();
  const logger = recordingLogger();
  const stop = new AbortController();
  const state = {
    facts: { tunnels: undefined, problem: undefined } as GatewayFacts,
    mayWrite,
    fate: { kind: 'ok', delayMs: 0 } as Fate,
  };
  let writes = 0;
  const client = leases.client(clock, () => state.fate);
  const counted =
    <F extends (...args: never[]) => unknown>(send: F) =>
    (...args: Parameters<F>) => {
      writes += 1;
      return send(...args);
    };
  const heartbeat = new Heartbeat({
    client: { get: client.get, create: counted(client.create), update: counted(client.update) } as never,
    mayWrite: async () => state.mayWrite,
    facts: () => state.facts,
    namespace: 'gateways',
    nodeName: 'edge-1',
    clock,
    random: () => 0.5,
    logger,
  });
  const done = heartbeat.run(stop.signal);
  const end = async () => {
    stop.abort();
    await clock.advance(0);
    await done;
  };
  const says = (facts: Partial<GatewayFacts>) => {
    state.facts = { ...state.facts, ...facts };
    heartbeat.soon();
  };
  return { clock, leases, logger, state, says, end, writes: () => writes };
}
const annotations = ({ leases }: ReturnType<typeof start>) => leases.lease?.metadata.annotations;

test('at rest the Lease is written every ten seconds, and says what the node carries', async () => {
  const beat = start();
  beat.state.facts = { tunnels: 3, problem: undefined };
  await beat.clock.advance(10 * MINUTE);
  expect(beat.writes()).toBe(61);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '3' });
  expect(beat.leases.lease?.metadata.labels).toEqual({ 'vpn.traidnet.io/gateway': 'edge-1' });
  await beat.end();
});

test('that the last tunnel is gone, or the first has come, is told at once; other counts wait their turn', async () => {
  const beat = start();
  beat.says({ tunnels: 2 });
  await beat.clock.advance(100);
  expect(beat.writes()).toBe(1);
  beat.says({ tunnels: 1 });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '2' });
  beat.says({ tunnels: 0 });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '0' });
  beat.says({ tunnels: 1 });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '1' });
  expect(beat.writes()).toBe(3);
  await beat.end();
});

test('a problem is told at once, and taken back at once, with what others wrote left alone', async () => {
  const beat = start();
  beat.says({ tunnels: 0 });
  await beat.clock.advance(100);
  const { lease } = beat.leases;
  beat.leases.write(
    {
      ...lease,
      metadata: { ...lease?.metadata, annotations: { ...annotations(beat), theirs: 'x' } },
    } as never,
    lease?.metadata.resourceVersion,
  );
  beat.says({ problem: 'The node lacks it.' });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({
    [ANNOTATION_TUNNELS]: '0',
    [ANNOTATION_PROBLEM]: 'The node lacks it.',
    theirs: 'x',
  });
  beat.says({ problem: undefined });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '0', theirs: 'x' });
  await beat.end();
});

test('while another agent speaks for the node nothing is written, and what is news then is told after', async () => {
  const beat = start(false);
  beat.says({ tunnels: 0 });
  await beat.clock.advance(MINUTE);
  expect(beat.writes()).toBe(0);
  beat.state.mayWrite = true;
  await beat.clock.advance(3_000);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '0' });
  await beat.end();
});

test('an API server that is away for an hour costs one line in the log, and one when it is back', async () => {
  const beat = start();
  await beat.clock.advance(100);
  beat.state.fate = { kind: 'refused' };
  beat.says({ tunnels: 0 });
  await beat.clock.advance(60 * MINUTE);
  expect(beat.logger.messages('warn')).toEqual(['Could not renew the Lease of this gateway; trying again.']);
  beat.state.fate = { kind: 'ok', delayMs: 0 };
  await beat.clock.advance(3_000);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '0' });
  expect(beat.logger.messages('info')).toEqual(['The Lease of this gateway is renewed again.']);
  await beat.end();
});

test('where the relay is stands there as soon as it listens, and no longer than that', async () => {
  const beat = start();
  beat.state.facts = { tunnels: 3, problem: undefined };
  await beat.clock.advance(1_000);
  beat.says({ relay: 'http://10.244.1.5:3128' });
  await beat.clock.advance(0);
  expect(annotations(beat)).toEqual({
    [ANNOTATION_TUNNELS]: '3',
    [ANNOTATION_RELAY]: 'http://10.244.1.5:3128',
  });
  expect(beat.writes()).toBe(2);
  beat.says({ relay: undefined });
  await beat.clock.advance(0);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '3' });
  await beat.end();
});

test('a clock that is wrong is told with the next renewal, beside what the node carries, and taken back', async () => {
  const beat = start();
  beat.says({ tunnels: 2, clock: 'An hour behind.' });
  await beat.clock.advance(100);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '2', [ANNOTATION_CLOCK]: 'An hour behind.' });
  beat.says({ clock: undefined });
  await beat.clock.advance(11_000);
  expect(annotations(beat)).toEqual({ [ANNOTATION_TUNNELS]: '2' });
  await beat.end();
});
