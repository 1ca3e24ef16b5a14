import { Attendant } from '../../../src/gateway/attendant.ts';
import { SidecarHealth } from '../../../src/gateway/sidecar-health.ts';
import { FakeSidecar } from '../../integration/gateway/fake-sidecar.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { recordingLogger } from '../kube/recording-logger.ts';

function start(sidecarIs: Partial<FakeSidecar> = {}) {
  const clock = new FakeClock();
  const logger = recordingLogger();
  const sidecar = Object.assign(new FakeSidecar(), sidecarIs);
  const stop = new AbortController();
  const health = new SidecarHealth(() => undefined);
  const problems: (string | undefined)[] = [];
  const losses: number[] = [];
  const attendant = new Attendant({
    sidecar,
    health,
    clock,
    logger,
    signal: stop.signal,
    onProblem: () => problems.push(health.problem),
    onLost: () => losses.push(sidecar.lost),
  });
  const done = attendant.run();
  const end = async () => {
    stop.abort();
    await clock.advance(0);
    await done;
  };
  const said = () => logger.lines.map(({ level, message }) => `${level} ${message}`);
  return { clock, sidecar, health, attendant, problems, losses, said, stop, end };
}

const STANDS_BY = 'Waiting until the gateway pod that works on this node ends; this one stands by.';

test('a standby is asked every 150 ms, one that works every second, and each thing is said once', async () => {
  const { clock, sidecar, health, said, end } = start({ state: 'standby' });
  await clock.advance(6_000);
  expect(sidecar.looks).toBe(41);
  expect(health.isStandby).toBe(true);
  sidecar.state = 'active';
  await clock.advance(150);
  expect(health.isUp).toBe(true);
  const before = sidecar.looks;
  await clock.advance(10_000);
  expect(sidecar.looks - before).toBe(10);
  sidecar.down = true;
  await clock.advance(60_000);
  expect(said()).toEqual([
    `info ${STANDS_BY}`,
    'info This gateway pod works on its node.',
    'warn Waiting for the sidecar: Nobody listens on the socket.',
  ]);
  await end();
});

test('a node that lacks WireGuard is told of in the log, and when it has it', async () => {
  const { clock, sidecar, health, problems, said, end } = start({ problem: 'The node has no /dev/net/tun.' });
  await clock.advance(5_000);
  expect(health.isUp).toBe(true);
  sidecar.problem = null;
  await clock.advance(1_000);
  expect(problems).toEqual(['The node has no /dev/net/tun.', undefined]);
  expect(said()).toEqual([
    'warn This node can carry no tunnel: The node has no /dev/net/tun. Looking again.',
    'info This gateway pod works on its node.',
  ]);
  await end();
});

test('WireGuard that ended by itself is told of within a second, each time once, also of a successor', async () => {
  const { clock, sidecar, losses, end } = start();
  await clock.advance(1_000);
  sidecar.lost = 2;
  await clock.advance(1_000);
  expect(losses).toEqual([2]);
  await clock.advance(10_000);
  sidecar.lost = 0;
  await clock.advance(1_000);
  sidecar.lost = 1;
  await clock.advance(1_000);
  expect(losses).toEqual([2, 1]);
  await end();
});

describe('whether this agent may write', () => {
  test('is asked of the sidecar at the very moment, not taken from its last regular answer', async () => {
    const { clock, sidecar, attendant, end } = start();
    await clock.advance(500);
    expect(await attendant.mayWrite()).toBe(true);
    sidecar.state = 'standby';
    await clock.advance(101);
    expect(await attendant.mayWrite()).toBe(false);
    sidecar.state = 'active';
    expect(await attendant.mayWrite()).toBe(true);
    sidecar.down = true;
    await clock.advance(101);
    expect(await attendant.mayWrite()).toBe(false);
    await end();
  });

  test('costs one question for many writes of one moment', async () => {
    const { clock, sidecar, attendant, end } = start();
    await clock.advance(500);
    const before = sidecar.looks;
    const answers = await Promise.all(Array.from({ length: 100 }, () => attendant.mayWrite()));
    expect(answers.every(Boolean)).toBe(true);
    expect(await attendant.mayWrite()).toBe(true);
    expect(sidecar.looks - before).toBe(1);
    await end();
  });

  test('is no from the moment at which it is told to end', async () => {
    const { clock, attendant, stop, end } = start();
    await clock.advance(500);
    stop.abort();
    expect(await attendant.mayWrite()).toBe(false);
    await end();
  });
});
