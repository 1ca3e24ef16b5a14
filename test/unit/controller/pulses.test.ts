/** Who is lost is decided by what this process has heard, on its own clock. */
import { Pulses } from '../../../src/controller/pulses.ts';
import { type Lease, microTime } from '../../../src/kube/index.ts';
import { FakeClock } from '../kube/fake-clock.ts';

const SECONDS = 7;
const EVERY_MS = 2000;

class Gateways {
  readonly clock = new FakeClock();
  readonly changed: string[] = [];
  readonly pulses = new Pulses(this.clock, (node) => this.changed.push(node));
  /** By how much each node's clock differs, ms. */
  readonly skew: Record<string, number> = {};
  #renewals = 0;

  renew(node: string, { annotations = { 'vpn.traidnet.io/fenced-after': '6' }, age = 0 } = {}): void {
    this.#renewals += 1;
    const object: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: `gateway-${node}`,
        namespace: 'gateways',
        labels: { 'vpn.traidnet.io/gateway': node },
        annotations,
      } as unknown as Lease['metadata'],
      spec: {
        leaseDurationSeconds: SECONDS,
        renewTime: microTime(this.clock.wall() + (this.skew[node] ?? 0) - age + this.#renewals / 1000),
      },
    };
    this.pulses.see({ type: 'updated', object });
  }

  async live(ms: number, ...nodes: string[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += EVERY_MS) {
      for (const node of nodes) this.renew(node);
      await this.clock.advance(EVERY_MS);
    }
  }
}

test('one that falls silent while another speaks is lost after its Lease, and found again when it speaks', async () => {
  const all = new Gateways();
  await all.live(20_000, 'a', 'b');
  expect(all.changed).toEqual(['a', 'b']);
  await all.live(4000, 'b');
  expect(all.pulses.isFenced('a')).toBe(false);
  expect(all.pulses.isAlive('a')).toBe(true);
  await all.live(4000, 'b');
  expect(all.pulses.isFenced('a')).toBe(true);
  expect(all.pulses.isAlive('a')).toBe(false);
  expect(all.changed).toEqual(['a', 'b', 'a']);
  all.renew('a');
  expect(all.pulses.isFenced('a')).toBe(false);
  expect(all.pulses.isAlive('a')).toBe(true);
  expect(all.changed).toEqual(['a', 'b', 'a', 'a']);
});

test('one that has not said that it fences itself is not given away', async () => {
  const all = new Gateways();
  all.renew('a', { annotations: {} as never });
  await all.live(20_000, 'b');
  expect(all.pulses.isAlive('a')).toBe(false);
  expect(all.pulses.isFenced('a')).toBe(false);
});

test('clocks of nodes that differ decide nothing', async () => {
  const all = new Gateways();
  Object.assign(all.skew, { a: -50_000, b: 3_600_000 });
  await all.live(30_000, 'a', 'b');
  expect([all.pulses.isAlive('a'), all.pulses.isAlive('b')]).toEqual([true, true]);
  expect(all.changed).toEqual(['a', 'b']);
});

test('when all are silent, none is lost; and when they are heard again, each is waited for', async () => {
  const all = new Gateways();
  await all.live(10_000, 'a', 'b', 'c');
  await all.clock.advance(120_000);
  // For new tunnels it is as if there was none.
  expect(all.changed).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  expect(all.pulses.isFenced('a')).toBe(false);
  all.changed.length = 0;
  // b is the first to get through to the API server again.
  await all.live(4000, 'b');
  expect(all.pulses.isFenced('a')).toBe(false);
  await all.live(6000, 'a', 'b');
  expect(all.pulses.isFenced('a')).toBe(false);
  // c never comes. What was told that there is no gateway hears that there is.
  expect(all.pulses.isFenced('c')).toBe(true);
  expect(all.changed).toEqual(['b', 'a', 'c']);
});

test('a process that stood still reads first what it has missed', async () => {
  const all = new Gateways();
  await all.live(10_000, 'a', 'b');
  all.renew('a');
  all.renew('b');
  // All timers are late; the renewals of b and of a are in the socket.
  all.clock.stall(20_000);
  await all.clock.advance(0);
  expect(all.pulses.isFenced('a')).toBe(false);
  await all.live(10_000, 'a', 'b');
  expect(all.changed).toEqual(['a', 'b']);
});

test('a Lease that is found old is of a gateway that is gone; found young it may live', async () => {
  const all = new Gateways();
  all.renew('old', { age: 3_600_000 });
  all.renew('young', { age: 50_000 });
  expect([all.pulses.isAlive('old'), all.pulses.isAlive('young')]).toEqual([false, true]);
  // And when it speaks after all, it is there.
  all.renew('old');
  expect(all.pulses.isAlive('old')).toBe(true);
  expect(all.changed).toEqual(['old', 'young', 'old']);
});

test('one that was found dead by a new leader is lost as well', async () => {
  const all = new Gateways();
  all.renew('dead', { age: 3_600_000 });
  await all.live(10_000, 'a');
  expect(all.pulses.isFenced('dead')).toBe(true);
});

test('what is said beside a renewal is told at once, once', async () => {
  const all = new Gateways();
  await all.live(4000, 'a');
  all.renew('a', { annotations: { 'vpn.traidnet.io/problem': 'It has no WireGuard.' } as never });
  all.renew('a', { annotations: { 'vpn.traidnet.io/problem': 'It has no WireGuard.' } as never });
  expect(all.changed).toEqual(['a', 'a']);
  expect(all.pulses.problemOf('a')).toBe('It has no WireGuard.');
});

test('waits for nothing once it is stopped', async () => {
  const gateways = new Gateways();
  await gateways.live(10_000, 'a', 'b');
  const before = gateways.changed.length;
  gateways.pulses.stop();
  await gateways.clock.advance(120_000);
  expect(gateways.changed).toHaveLength(before);
});
