import { jest } from '@jest/globals';
import { waitFor } from '../../testbed/wait.ts';
import { tell } from '../field.ts';
import { PingStream } from '../ping-stream.ts';
import { Site } from './site.ts';

jest.setTimeout(1_200_000);

/** Show 4 of the gateways asks for 20. */
const TRIES = Number(process.env.FAILOVER_TRIES ?? 3);

let site: Site;
beforeAll(async () => {
  site = await Site.start(['acme']);
});
afterAll(() => site?.stop());

const KEY = 'acme/branch';
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;
const told = (values: readonly number[]): string =>
  `p50 ${(quantile(values, 0.5) / 1000).toFixed(1)} s, p99 ${(quantile(values, 0.99) / 1000).toFixed(1)} s, of ${values.length}: ${values.map((ms) => (ms / 1000).toFixed(1)).join(' ')}`;

/** Where the tunnel lies, as a person reads it. */
const carrier = (): string | undefined => site.history.tunnel('acme/acme')?.status?.gateway;

test('a router is Online on the other node after its node was lost, and after that was drained, with nothing pasted', async () => {
  // The first node gets the tunnel, and has the address that the router speaks to.
  await site.untilFenced();
  const machine = await site.bringOnline(KEY, '7.18.2');
  // For the 5 s after a router took a key of its own the other node does not know where it is by that.
  await site.untilUsed(KEY);
  const { publicKey, address } = site.router(KEY).status ?? {};
  const server = site.tunnel('acme/acme').status?.serverAddress ?? '';
  const before = site.tunnel('acme/acme').status;
  await site.pointAt(site.gateway(carrier()));
  const reaches = async (): Promise<boolean> =>
    (await machine.ping(server, { count: 1, timeoutMs: 300 })).received > 0;

  const lost: number[] = [];
  const drained: number[] = [];
  for (let turn = 0; turn < TRIES; turn++) {
    await site.untilFenced();
    await waitFor('it answers', reaches, 60_000);
    const from = site.gateway(carrier());
    const to = site.other(from);
    // What one node knows of where routers are, the other asks for each 5 s.
    await new Promise((resolve) => setTimeout(resolve, 6000 + Math.random() * 4000));
    const began = performance.now();
    await from.loseNode();
    await waitFor('the tunnel is moved', () => carrier() === to.name, 60_000);
    await site.pointAt(to);
    await waitFor('the router is reached again', reaches, 60_000);
    lost.push(performance.now() - began);
    expect(site.router(KEY).status?.phase).toBe('Online');
    tell(`lost ${turn + 1}: ${(lost.at(-1) ?? 0).toFixed(0)} ms`);

    from.forgetDisk();
    await from.start();
    await site.untilFenced();
    // What comes back gets nothing back by itself.
    expect(carrier()).toBe(to.name);
    const pings = new PingStream(machine.netns, server);
    await pings.isAnswered();
    const drainBegan = performance.now();
    await site.cordon(to, true);
    await waitFor('the tunnel is moved', () => carrier() === from.name, 60_000);
    await site.pointAt(from);
    await waitFor('the node lets it go', async () => (await to.interfaces()).length === 0, 60_000);
    drained.push(performance.now() - drainBegan);
    const { longestGapMs, lost: packets } = await pings.stop();
    tell(
      `drained ${turn + 1}: ${(drained.at(-1) ?? 0).toFixed(0)} ms, ${packets} pings lost, gap ${longestGapMs} ms`,
    );
    await site.cordon(to, false);
    expect(site.router(KEY).status?.phase).toBe('Online');
  }
  tell(`node lost → router answers on the other: ${told(lost)}`);
  tell(`drained → the other carries it alone: ${told(drained)}`);
  expect(site.router(KEY).status).toMatchObject({ publicKey, address });
  const { publicKey: serverKey, listenPort, subnet } = before ?? {};
  expect(site.tunnel('acme/acme').status).toMatchObject({ publicKey: serverKey, listenPort, subnet });
});
