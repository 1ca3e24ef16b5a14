/**
 * How many routers a second a whole gateway agent sets up, and applies a profile of five rows to: the real agent and
 * controller on a real API server, a pretended sidecar that leads to simulated routers which have pasted their scripts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION } from '../../src/api/index.ts';
import { spawnOwned } from '../../test/testbed/lifetime.ts';
import { waitFor } from '../../test/testbed/wait.ts';
import { inParallel } from '../bare.ts';
import { GROUP, numbered, routersPath } from '../manifests.ts';
import type { Metrics } from '../results.ts';
import type { RunningProcess } from '../running-process.ts';
import type { Stage } from '../stage.ts';

export interface WholeAgent {
  /** All together, in two tenants, so that no tunnel's share is the bound. */
  routers: number;
  version: string;
}

const TENANTS = ['configured-1', 'configured-2'];
const LIMIT_MS = 900_000;
const LOOK_MS = 100;
/** What is written behind the last look has ended by then. */
const SETTLE_MS = 3_000;
/** As the agent has it by default. */
const AT_ONCE = 16;

export async function wholeAgent(
  stage: Stage,
  { routers, version }: WholeAgent,
  say: (line: string) => void,
): Promise<Metrics> {
  const { path } = stage.directory;
  const folder = join(path, 'routers');
  mkdirSync(folder);
  await stage.addNamespaces(TENANTS);
  const names = numbered('router', Math.ceil(routers / TENANTS.length));
  const count = names.length * TENANTS.length;
  for (const tenant of TENANTS)
    await inParallel(names.length, (at) =>
      stage.bare.send('POST', routersPath(tenant), {
        apiVersion: API_VERSION,
        kind: 'Router',
        metadata: { name: names[at] },
        spec: { tenant },
      }),
    );
  for (const tenant of TENANTS) await writeScripts(stage, tenant, names.length, folder);
  say(`${count} routers have their scripts`);
  const farm = spawn(
    process.execPath,
    [join(import.meta.dirname, '../scripted-routers.ts'), folder, version],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    await listening(farm);
    say('all have pasted them');
    const socket = join(path, 'leading-sidecar.sock');
    const program = join(import.meta.dirname, '..', 'pretended-sidecar.ts');
    const sidecar = await spawnOwned(path, 'leading-sidecar', process.execPath, [program, socket, folder]);
    const agent = await stage.startAgent(socket);
    const setUp = await rate(
      agent,
      'tto_gateway_configuration_seconds_count',
      { outcome: 'configured' },
      count,
    );
    say(`set up: ${setUp.toFixed(0)} a second`);
    await sleep(SETTLE_MS);
    const before = agent.consumption();
    for (const tenant of TENANTS) await stage.bare.send('POST', profilesPath(tenant), PROFILE);
    const profiled = await rate(
      agent,
      'tto_gateway_profile_look_seconds_count',
      { outcome: 'changed' },
      count,
    );
    say(`profile applied: ${profiled.toFixed(0)} a second`);
    await sleep(SETTLE_MS);
    const used = agent.consumption();
    const failed = await agent.metric('tto_gateway_profile_look_seconds_count', { outcome: 'failed' });
    await agent.stop();
    await sidecar.stop();
    return {
      routers: count,
      atOnce: AT_ONCE,
      version,
      setUpPerSecond: setUp,
      profiledPerSecond: profiled,
      failed,
      agentCpuMsPerRouter: ((used.cpuSeconds - before.cpuSeconds) * 1000) / count,
      agentResidentMiB: used.residentMiB,
      agentPeakMiB: used.peakMiB,
    };
  } finally {
    farm.stdin?.end();
    if (farm.exitCode === null) await once(farm, 'exit');
  }
}

const profilesPath = (namespace: string): string =>
  `/apis/${GROUP}/v1alpha1/namespaces/${namespace}/routerprofiles`;

/** For all routers of its namespace, all at once. */
const PROFILE = {
  apiVersion: API_VERSION,
  kind: 'RouterProfile',
  metadata: { name: 'five-rows' },
  spec: {
    selector: { versions: '>=7.0' },
    rollout: { stages: ['100%'] },
    resources: ['ntp', 'radius', 'backup', 'printer', 'camera'].map((name, at) => ({
      path: '/ip/dns/static',
      match: { name: `${name}.example.net` },
      set: { address: `10.7.0.${at + 1}` },
    })),
  },
};

async function writeScripts(stage: Stage, tenant: string, count: number, folder: string): Promise<void> {
  const routers = async () =>
    JSON.parse(await stage.bare.send('GET', routersPath(tenant))).items as {
      status?: { address?: string; script?: string };
    }[];
  await waitFor(
    `all scripts of ${tenant}`,
    async () => (await routers()).filter(({ status }) => status?.script !== undefined).length >= count,
    LIMIT_MS,
  );
  for (const { status } of await routers())
    writeFileSync(join(folder, `${status?.address}.rsc`), status?.script ?? '');
}

/** From the first that is seen to the last, a second. */
async function rate(
  agent: RunningProcess,
  metric: string,
  labels: Record<string, string>,
  count: number,
): Promise<number> {
  let first: { at: number; seen: number } | undefined;
  let last = { at: performance.now(), seen: 0 };
  await waitFor(
    `${count} of ${metric} ${JSON.stringify(labels)}`,
    async () => {
      await sleep(LOOK_MS);
      last = { at: performance.now(), seen: await agent.metric(metric, labels) };
      if (last.seen > 0) first ??= last;
      return last.seen >= count;
    },
    LIMIT_MS,
  );
  const begun = first ?? last;
  // All within one look: no slower than that.
  const seconds = Math.max(LOOK_MS, last.at - begun.at) / 1000;
  return (last.seen - (begun === last ? 0 : begun.seen)) / seconds;
}

async function listening(farm: ChildProcess): Promise<void> {
  await Promise.race([
    once(farm.stdout ?? farm, 'data'),
    once(farm, 'exit').then(() => {
      throw new Error('the simulated routers ended');
    }),
  ]);
}
