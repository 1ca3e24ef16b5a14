/** What happens while a node cannot be told from one that is lost: who speaks when, and that no router is left behind. */
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../../simulator/machine/index.ts';
import { waitFor } from '../../testbed/wait.ts';
import { tell } from '../field.ts';
import { PingStream } from '../ping-stream.ts';
import { type Gateway, Site } from './site.ts';

jest.setTimeout(600_000);

const KEY = 'acme/branch';
const SPLIT_MS = 60_000;

let site: Site;
let machine: SimulatedRouter;
let server: string;
beforeAll(async () => {
  site = await Site.start(['acme']);
  // The first node gets the tunnel, and has the address that the router speaks to.
  await site.untilFenced();
  machine = await site.bringOnline(KEY, '7.18.2');
  server = site.tunnel('acme/acme').status?.serverAddress ?? '';
});
afterAll(() => site?.stop());

const carrier = (): Gateway => site.gateway(site.history.tunnel('acme/acme')?.status?.gateway);
const reaches = async (): Promise<boolean> =>
  (await machine.ping(server, { count: 1, timeoutMs: 300 })).received > 0;
const passes = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Both gateways fenced, the router reached at whichever has it, and what that knows of it with the other. */
async function begin(): Promise<{ from: Gateway; to: Gateway }> {
  await site.untilFenced();
  const from = carrier();
  await site.pointAt(from);
  await waitFor('the router is reached', reaches, 60_000);
  await passes(8000);
  return { from, to: site.other(from) };
}

test('its node isolated for a minute: silent before the other speaks', async () => {
  const { from, to } = await begin();
  const speakers = await site.watchSpeakers();
  const pings = new PingStream(machine.netns, server);
  await pings.isAnswered();
  const began = performance.now();
  await from.cut();
  await waitFor('it is moved', () => carrier().name === to.name, 60_000);
  const moved = performance.now() - began;
  await passes(SPLIT_MS - moved);
  const pointed = performance.now();
  await site.pointAt(to);
  await waitFor('the router is reached again', reaches, 60_000);
  const back = performance.now() - pointed;
  pings.end();
  await speakers.stop();
  const lastOld = Math.max(...speakers.timesOf(from.name)) - began;
  const firstNew = Math.min(...speakers.timesOf(to.name).filter((at) => at > began)) - began;
  tell(
    `isolated for ${seconds(SPLIT_MS)}: old silent after ${seconds(lastOld)}, moved after ${seconds(moved)}, new spoke after ${seconds(firstNew)}; endpoint moved at ${seconds(pointed - began)}, router back ${seconds(back)} later`,
  );
  expect(firstNew).toBeGreaterThan(lastOld);
  expect(site.router(KEY).status?.phase).toBe('Online');
  await from.mend();
  await waitFor('the old node lets it go', async () => (await from.interfaces()).length === 0, 60_000);
  expect(await reaches()).toBe(true);
});

test('cut off from the API server alone it speaks until the other carries the tunnel', async () => {
  const { from, to } = await begin();
  const speakers = await site.watchSpeakers();
  const pings = new PingStream(machine.netns, server);
  await pings.isAnswered();
  const began = performance.now();
  await from.cut(site.plane.clusterUrl);
  await waitFor('it is moved', () => carrier().name === to.name, 60_000);
  const moved = performance.now();
  await site.pointAt(to);
  await passes(5000);
  const { lost, longestGapMs } = await pings.stop();
  await speakers.stop();
  const overlap =
    Math.max(...speakers.timesOf(from.name)) -
    Math.min(...speakers.timesOf(to.name).filter((at) => at > began));
  tell(
    `cut off from the API server alone: moved after ${seconds(moved - began)}, ${lost} pings lost, longest gap ${longestGapMs} ms; both spoke for ${seconds(Math.max(0, overlap))}`,
  );
  expect(overlap).toBeLessThan(3000);
  await from.mend();
  await waitFor('the old node lets it go', async () => (await from.interfaces()).length === 0, 60_000);
});

test('a node that no fence reaches: the router follows the one that its endpoint leads to', async () => {
  const { from, to } = await begin();
  await from.cut();
  await waitFor('it is moved', () => carrier().name === to.name, 60_000);
  await from.unfence();
  await waitFor('the old one answers again', reaches, 60_000);
  const before = performance.now();
  await passes(20_000);
  await site.pointAt(to);
  const pointed = performance.now();
  await waitFor('it is online at the new one', async () => (await to.handshakeAge('wg0')) < 10, 200_000);
  await waitFor('the router is reached', reaches, 60_000);
  tell(
    `two nodes that answer: for ${seconds(pointed - before)} the old one did; the endpoint moved, the new one had the router after ${seconds(performance.now() - pointed)}`,
  );
  // It stays there while the old one lives on.
  await passes(30_000);
  expect(await reaches()).toBe(true);
  expect(await to.handshakeAge('wg0')).toBeLessThan(180);
  await from.mend();
  await from.startPart('agent');
  await waitFor('the old node lets it go', async () => (await from.interfaces()).length === 0, 60_000);
  expect(await reaches()).toBe(true);
});

test('the API server away for everybody: not a packet is lost, and nothing is moved', async () => {
  const { from } = await begin();
  const pings = new PingStream(machine.netns, server);
  await pings.isAnswered();
  await site.plane.stopApiServer();
  await passes(25_000);
  await site.plane.startApiServer();
  await passes(3000);
  await site.startController();
  await passes(15_000);
  const { sent, lost, longestGapMs } = await pings.stop();
  tell(`API server away for 25 s: ${lost} of ${sent} pings lost, longest gap ${longestGapMs} ms`);
  expect(carrier().name).toBe(from.name);
  expect(longestGapMs).toBeLessThan(1000);
});
