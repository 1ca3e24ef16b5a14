/** The agent keeps the word that its node speaks by, and gives it up where another may have been given its tunnels. */
import { Guard } from '../../../src/gateway/guard.ts';
import type { Acquaintance } from '../../../src/gateway/peers/peers.ts';
import type { Hold } from '../../../src/wireguard/index.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { recordingLogger } from '../kube/recording-logger.ts';

const STEP_MS = 250;

class Node {
  readonly clock = new FakeClock();
  readonly holds: Hold[] = [];
  readonly logger = recordingLogger();
  /** Interface name → placed. */
  readonly tunnels = new Map([['wg0', 10]]);
  /** Of the API server's own list, when it is asked. */
  ours: string[] = ['tunnel-0'];
  peer: Acquaintance | undefined;
  peerAnswers = true;
  peerRenews = true;
  renews = true;
  obeys = true;
  fences = 0;
  knowings = 0;
  /** What the kernel was told: until when it lets packets pass. */
  until: number | null = null;
  readonly guard: Guard;
  readonly #stop = new AbortController();
  renewedAt = Number.NEGATIVE_INFINITY;
  #renewAt = 0;
  #saidFence = false;

  constructor() {
    this.guard = new Guard({
      client: {
        list: async () => ({ items: this.ours.map((name) => ({ metadata: { name } })) }) as never,
      },
      sidecar: {
        hold: async (hold) => {
          if (!this.obeys) throw new Error('nft is not installed on this node');
          this.holds.push(hold);
          this.until = hold.seconds === null ? null : this.clock.monotonic() + hold.seconds * 1000;
        },
      },
      health: { isUp: true },
      peers: {
        all: () => (this.peer === undefined ? [] : [this.peer]),
        ask: async (some) => {
          for (const one of some) {
            if (!this.peerAnswers) continue;
            one.answeredAt = this.clock.monotonic();
            if (this.peerRenews) one.contactAt = one.answeredAt;
          }
        },
      },
      fleet: {
        tunnels: () =>
          [...this.tunnels].map(([interfaceName, placed]) => ({ interfaceName, placed })).values() as never,
      },
      namespace: 'gateways',
      nodeName: 'n1',
      clock: this.clock,
      logger: this.logger,
      onFence: () => {
        this.fences += 1;
      },
      onKnowing: () => {
        this.knowings += 1;
      },
    });
    void this.guard.run(this.#stop.signal);
  }

  meet(): void {
    this.peer = {
      node: 'n2',
      address: '10.0.0.2:9822',
      renewTime: undefined,
      heardAt: this.clock.monotonic(),
      leaseMs: 7000,
      answeredAt: Number.NEGATIVE_INFINITY,
      contactAt: Number.NEGATIVE_INFINITY,
      carried: new Map(),
      seen: new Map(),
      epoch: '',
      next: 0,
      failure: '',
    };
  }

  /** Lives on, with a heartbeat as the agent has it. */
  async live(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      const now = this.clock.monotonic();
      if (now >= this.#renewAt && this.guard.isObeyed) {
        this.#renewAt = now + 2000;
        if (this.peer !== undefined && this.renews && this.peerRenews) this.peer.heardAt = now;
        if (this.renews) {
          this.renewedAt = now;
          this.#saidFence = this.guard.fencedAfterSeconds !== undefined;
          await this.guard.renewed(now, this.#saidFence);
        }
      }
      await this.clock.advance(STEP_MS);
    }
  }

  get speaks(): boolean {
    return this.until === null || this.clock.monotonic() < this.until;
  }

  get lastFenced(): string[] | undefined {
    return this.holds.at(-1)?.fenced;
  }

  end(): void {
    this.#stop.abort();
  }
}

let node: Node;
beforeEach(() => {
  node = new Node();
});
afterEach(() => node.end());

test('alone, nothing is ever silent, and the Lease does not say so', async () => {
  await node.live(10_000);
  expect(node.guard.fencedAfterSeconds).toBeUndefined();
  node.renews = false;
  await node.live(600_000);
  expect(node.speaks).toBe(true);
  // One word at the beginning: what the process before said is not known.
  expect(node.holds).toEqual([{ seconds: null, fenced: [] }]);
});

test('beside another that can be asked it is fenced, and says so; beside one that cannot, it is not', async () => {
  node.meet();
  node.peerAnswers = false;
  await node.live(10_000);
  expect(node.guard.fencedAfterSeconds).toBeUndefined();
  expect(node.until).toBeNull();
  node.peerAnswers = true;
  await node.live(3000);
  expect(node.guard.fencedAfterSeconds).toBe(6);
  expect(node.fences).toBe(1);
  expect(node.until).not.toBeNull();
  await node.live(600_000);
  expect(node.speaks).toBe(true);
});

test('cut off from everybody it is silent after six seconds', async () => {
  node.meet();
  await node.live(10_000);
  node.renews = false;
  node.peerAnswers = false;
  await node.live(3500);
  expect(node.speaks).toBe(true);
  await node.live(2500);
  expect(node.speaks).toBe(false);
  await node.live(60_000);
  expect(node.speaks).toBe(false);
});

test('at whatever moment it is cut off, it is silent six seconds after its last renewal', async () => {
  for (let after = 10_000; after <= 16_000; after += STEP_MS) {
    const one = new Node();
    one.meet();
    await one.live(after);
    one.renews = false;
    one.peerAnswers = false;
    await one.live(8000);
    expect([after, one.until]).toEqual([after, one.renewedAt + 6000]);
    one.end();
  }
});

test('the API server away for everybody, it speaks on', async () => {
  node.meet();
  await node.live(10_000);
  node.renews = false;
  node.peerRenews = false;
  for (let minute = 0; minute < 30; minute++) {
    await node.live(60_000);
    expect(node.speaks).toBe(true);
  }
});

test('cut off from the API server alone it speaks until the other carries its tunnel, and not longer', async () => {
  node.meet();
  node.tunnels.set('wg1', 10);
  await node.live(10_000);
  node.renews = false;
  await node.live(30_000);
  expect(node.speaks).toBe(true);
  expect(node.lastFenced).toEqual([]);
  if (node.peer) node.peer.carried = new Map([['wg0', 99]]);
  await node.live(1000);
  expect(node.lastFenced).toEqual(['wg0']);
  expect(node.speaks).toBe(true);
});

test('a tunnel that came here later than the other had it is not given up', async () => {
  node.meet();
  await node.live(10_000);
  if (node.peer) node.peer.carried = new Map([['wg0', 9]]);
  await node.live(10_000);
  expect(node.lastFenced).toEqual([]);
  expect(node.guard.isElsewhere('wg0', 10)).toBe(false);
  expect(node.guard.isElsewhere('wg0', 8)).toBe(true);
});

test('back after it was silent, it speaks for what the API server says is still its own', async () => {
  node.meet();
  node.tunnels.set('wg1', 10);
  await node.live(10_000);
  node.renews = false;
  node.peerAnswers = false;
  await node.live(20_000);
  expect(node.speaks).toBe(false);
  expect(node.guard.knowsItsOwn).toBe(false);
  node.knowings = 0;
  node.renews = true;
  node.ours = ['tunnel-1'];
  await node.live(2500);
  expect(node.speaks).toBe(true);
  expect(node.lastFenced).toEqual(['wg0']);
  // What it says of their routers would not be true.
  expect([node.guard.knowsItsOwn, node.knowings]).toEqual([false, 0]);
  // It is moved back here later on: then it is this node's again.
  node.tunnels.set('wg0', 500);
  node.peerAnswers = true;
  await node.live(2500);
  expect(node.lastFenced).toEqual([]);
  expect(node.guard.knowsItsOwn).toBe(true);
  // Again and again: what was held back in a moment between two looks is not forgotten.
  node.knowings = 0;
  await node.live(1000);
  expect(node.knowings).toBe(4);
});

test('a blink of everything while the API server is away is over when the others answer', async () => {
  node.meet();
  await node.live(10_000);
  node.renews = false;
  node.peerRenews = false;
  node.peerAnswers = false;
  await node.live(20_000);
  expect(node.speaks).toBe(false);
  node.peerAnswers = true;
  await node.live(2500);
  expect(node.speaks).toBe(true);
});

test('the other gone for good, it is fenced no more, once its Lease has said so', async () => {
  node.meet();
  await node.live(10_000);
  node.peerRenews = false;
  node.peerAnswers = false;
  await node.live(60_000);
  expect(node.guard.fencedAfterSeconds).toBeUndefined();
  expect(node.until).toBeNull();
});

test('where the node cannot be fenced the Lease never says so, and once it cannot any more it is not renewed', async () => {
  node.obeys = false;
  node.meet();
  await node.live(10_000);
  expect(node.guard.fencedAfterSeconds).toBeUndefined();
  node.obeys = true;
  await node.live(3000);
  expect(node.guard.fencedAfterSeconds).toBe(6);
  expect(node.guard.isObeyed).toBe(true);
  node.obeys = false;
  await node.live(3000);
  expect(node.guard.isObeyed).toBe(false);
  node.obeys = true;
  await node.live(1000);
  expect(node.guard.isObeyed).toBe(true);
});
