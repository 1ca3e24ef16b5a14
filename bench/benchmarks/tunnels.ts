import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPair, type TunnelState } from '../../src/wireguard/index.ts';
import type { Pod } from '../../test/dataplane/sidecar/pod.ts';
import { watchGaps } from '../../test/dataplane/sidecar/port-gaps.ts';
import { Site } from '../../test/dataplane/sidecar/site.ts';
import { stateOf } from '../../test/dataplane/sidecar/tunnel-state.ts';
import { consumption } from '../machine.ts';
import { percentile } from '../percentile.ts';
import type { Metrics } from '../results.ts';

/** Each wireguard-go takes an instance; 128 are what a machine has that was not told otherwise. */
const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
const PEERS = 65;
/** As the agent reads a tunnel where there are a thousand. */
const READ_EVERY_MS = 10_000;
const REST_SECONDS = 60;
const LOOK_MS = 20;

/** Many tunnels on one gateway, and one sidecar after the other that takes them over. The agent's reading is pretended. */
export async function tunnels(count: number, say: (line: string) => void): Promise<Metrics> {
  const before = readFileSync(INOTIFY, 'utf8');
  const site = await Site.create();
  try {
    if (Number(before) < 2 * count + 100) writeFileSync(INOTIFY, String(2 * count + 100));
    const states = Array.from({ length: count }, (_, index) => tunnelOf(index));
    const pod = await site.start();
    const startMs = await timed(() => putAll(pod, states));
    say(`${count} tunnels made in ${(startMs / 1000).toFixed(1)} s`);
    const rest = await atRest(pod, states);
    const term = await takeOver(site, pod, states, 'SIGTERM');
    say(`taken over after SIGTERM: ${JSON.stringify(term.metrics)}`);
    const kill = await takeOver(site, term.pod, states, 'SIGKILL');
    return {
      tunnels: count,
      peersEach: PEERS,
      startMs,
      rest,
      afterTerm: term.metrics,
      afterKill: kill.metrics,
    };
  } finally {
    await site.clear();
    await site.destroy();
    writeFileSync(INOTIFY, before);
  }
}

function tunnelOf(index: number): TunnelState {
  const peers = Array.from({ length: PEERS }, (_, number) => ({
    publicKey: generateKeyPair().publicKey,
    allowedIPs: [`10.100.1.${number + 1}/32`],
  }));
  return stateOf(index, { listenPort: 20_000 + index, peers });
}

/** As many at once as the agent asks for. */
async function putAll(pod: Pod, states: readonly TunnelState[]): Promise<void> {
  const left = [...states];
  const worker = async (): Promise<void> => {
    for (let state = left.shift(); state !== undefined; state = left.shift()) await pod.client.put(state);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

async function atRest(pod: Pod, states: readonly TunnelState[]): Promise<Metrics> {
  const wireguards = pod.wireguards.map((pid) => consumption(pid).residentMiB);
  const used = () => ({
    sidecar: consumption(pod.pid).cpuSeconds,
    wireguardGo: pod.wireguards.reduce((sum, pid) => sum + consumption(pid).cpuSeconds, 0),
  });
  const first = used();
  const end = performance.now() + REST_SECONDS * 1000;
  while (performance.now() < end) {
    const round = performance.now();
    for (const { interfaceName } of states) {
      for await (const _ of pod.client.observe(interfaceName)) {
        // Read to the end, as the agent does.
      }
      await sleep(Math.max(0, (READ_EVERY_MS / states.length) * 0.5));
    }
    await sleep(Math.max(0, READ_EVERY_MS - (performance.now() - round)));
  }
  const last = used();
  const seconds = REST_SECONDS + (performance.now() - end) / 1000;
  return {
    seconds,
    sidecarCpuShare: (last.sidecar - first.sidecar) / seconds,
    wireguardGoCpuShare: (last.wireguardGo - first.wireguardGo) / seconds,
    sidecarMiB: consumption(pod.pid).residentMiB,
    wireguardGoMiB: wireguards.reduce((sum, one) => sum + one, 0),
    wireguardGoMiBEach: percentile(wireguards, 0.5),
  };
}

/** A second pod stands by, as in a rolling update; the first ends so. */
async function takeOver(site: Site, pod: Pod, states: readonly TunnelState[], signal: NodeJS.Signals) {
  const standby = await site.start();
  const watching = watchGaps(
    site,
    states.map(({ listenPort }) => listenPort),
    LOOK_MS,
  );
  await sleep(500);
  const began = performance.now();
  const ended = pod.end(signal);
  await standby.active();
  await putAll(standby, states);
  const allMs = performance.now() - began;
  await ended;
  const gaps = await watching;
  return {
    pod: standby,
    metrics: {
      allListeningMs: allMs,
      outageP50Ms: percentile(gaps, 0.5),
      outageP99Ms: percentile(gaps, 0.99),
      outageMostMs: Math.max(...gaps),
    },
  };
}
