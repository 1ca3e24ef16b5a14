import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { generateKeyPair, type TunnelState } from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import type { Pod } from './pod.ts';
import { watchGaps } from './port-gaps.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

/** Each wireguard-go takes an instance; 128 are what a machine has that was not told otherwise. */
const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
const INSTANCES = 1024;

/** How often a port that is not there is looked for, ms. */
const LOOK_MS = 5;

function tunnelOf(index: number): TunnelState {
  const peers = Array.from({ length: 10 }, (_, number) => ({
    publicKey: generateKeyPair().publicKey,
    allowedIPs: [`10.100.1.${number + 1}/32`],
  }));
  return stateOf(index, { listenPort: 20_000 + index, peers });
}

dataplane(`the gap of a takeover${leftOut}`, () => {
  let site: Site;
  const before = readFileSync(INOTIFY, 'utf8');
  jest.setTimeout(240_000);

  beforeAll(async () => {
    site = await Site.create();
    if (Number(before) < INSTANCES) writeFileSync(INOTIFY, String(INSTANCES));
  });
  afterEach(() => site.clear());
  afterAll(async () => {
    await site?.destroy();
    if (Number(before) < INSTANCES) writeFileSync(INOTIFY, before);
  });

  const putAll = (pod: Pod, states: readonly TunnelState[]) =>
    Promise.all(states.map((state) => pod.client.put(state)));

  test.each([
    [1, 'SIGTERM'],
    [1, 'SIGKILL'],
    [100, 'SIGTERM'],
    [100, 'SIGKILL'],
  ] as const)('of %i tunnels of 10 peers after %s is printed', async (count, signal) => {
    const states = Array.from({ length: count }, (_, index) => tunnelOf(index));
    const pod = await site.start();
    const put = performance.now();
    await putAll(pod, states);
    const made = performance.now() - put;
    const standby = await site.start();
    const watching = watchGaps(
      site,
      states.map(({ listenPort }) => listenPort),
      LOOK_MS,
    );
    await sleep(200);

    const begun = performance.now();
    const ended = pod.end(signal);
    await standby.active();
    const active = performance.now() - begun;
    await putAll(standby, states);
    const whole = performance.now() - begun;
    await ended;
    const gaps = await watching;
    const ms = (value = 0) => `${value.toFixed(0)} ms`;
    process.stdout.write(
      `  ${count === 1 ? '1 tunnel' : `${count} tunnels`}, ${signal}: made first in ${ms(made)}; taken over after ${ms(active)}, all listening after ` +
        `${ms(whole)}; one is deaf for ${ms(gaps.at(gaps.length >> 1))} (median), ${ms(gaps.at(-1))} (longest)\n`,
    );
    expect(gaps).toHaveLength(count);
    expect(whole).toBeLessThan(60_000);
  });
});
