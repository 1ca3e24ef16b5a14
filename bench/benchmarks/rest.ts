import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnOwned } from '../../test/testbed/lifetime.ts';
import { waitFor } from '../../test/testbed/wait.ts';
import type { Metrics } from '../results.ts';
import { difference, type RunningProcess, sum } from '../running-process.ts';
import type { Stage } from '../stage.ts';

export interface RestOptions {
  /** How long is measured. */
  seconds: number;
  /** What the start leaves to do is done after so long. */
  settleMs: number;
  /** No write for so long: all have been told Online. */
  quietMs: number;
}

const WHOLE: RestOptions = {
  seconds: Number(process.env.REST_SECONDS ?? 600),
  settleMs: 120_000,
  quietMs: 30_000,
};
const LOOKS_A_QUIET_TIME = 6;
const ONLINE_LIMIT_MS = 1_800_000;

/**
 * A fleet at rest, with a handshake of each router every two minutes. Auto-configuration is off: what routers say when
 * they are logged in to is another matter.
 */
export async function rest(
  stage: Stage,
  controller: RunningProcess,
  say: (line: string) => void,
  options: RestOptions = WHOLE,
): Promise<Metrics> {
  const { settleMs, quietMs } = options;
  const { path } = stage.directory;
  const socket = join(path, 'sidecar.sock');
  const program = join(import.meta.dirname, '..', 'pretended-sidecar.ts');
  const sidecar = await spawnOwned(path, 'sidecar', process.execPath, [program, socket]);
  const began = performance.now();
  const agent = await stage.startAgent(socket);
  say('the agent is ready; all routers come online');
  let writes = sum(await agent.writes());
  let since = performance.now();
  await waitFor(
    'all routers are online',
    async () => {
      await sleep(quietMs / LOOKS_A_QUIET_TIME);
      const now = sum(await agent.writes());
      if (now !== writes) since = performance.now();
      writes = now;
      return performance.now() - since > quietMs;
    },
    ONLINE_LIMIT_MS,
  );
  const onlineSeconds = (since - began) / 1000;
  const routers = await controller.metric('tto_controller_routers');
  if (writes < routers) throw new Error(`${writes} writes told ${routers} routers Online: some were not.`);
  say(
    `${writes} writes of the agent until all were online, ${onlineSeconds.toFixed(0)} s; now ${options.seconds} s of rest`,
  );
  await sleep(settleMs);
  const processes = { controller, agent };
  const before = await observed(processes);
  const start = performance.now();
  const shares = await sharesByMinute(processes, options.seconds);
  const seconds = (performance.now() - start) / 1000;
  const after = await observed(processes);
  await agent.stop();
  await sidecar.stop();
  const of = (name: keyof typeof processes): Metrics => {
    const written = difference(after[name].writes, before[name].writes);
    return {
      writesPerSecond: sum(written) / seconds,
      writesByKind: written,
      leaseWritesPerSecond: (after[name].leases - before[name].leases) / seconds,
      cpuShare: (after[name].used.cpuSeconds - before[name].used.cpuSeconds) / seconds,
      residentMiB: after[name].used.residentMiB,
      peakMiB: after[name].used.peakMiB,
      lists: after[name].lists - before[name].lists,
      cpuShareByMinute: shares[name],
    };
  };
  return {
    routers,
    seconds,
    allOnlineSeconds: onlineSeconds,
    allOnlineWrites: writes,
    controller: of('controller'),
    agent: of('agent'),
  };
}

type Processes = Record<'controller' | 'agent', RunningProcess>;

/** Lasts so long; of each process the share of a processor that it took in each minute, to tell a few dear moments from many cheap ones. */
async function sharesByMinute(
  processes: Processes,
  seconds: number,
): Promise<Record<keyof Processes, number[]>> {
  const shares: Record<keyof Processes, number[]> = { controller: [], agent: [] };
  const used = (name: keyof Processes): number => processes[name].consumption().cpuSeconds;
  for (let left = seconds; left > 0; left -= 60) {
    const length = Math.min(left, 60);
    const before = { controller: used('controller'), agent: used('agent') };
    await sleep(length * 1000);
    for (const name of ['controller', 'agent'] as const) {
      shares[name].push((used(name) - before[name]) / length);
    }
  }
  return shares;
}

async function observed(processes: Processes) {
  const of = async (one: RunningProcess) => ({
    writes: await one.writes(),
    leases: await one.metric('tto_kube_request_seconds_count', { verb: 'update', resource: 'leases' }),
    lists: await one.metric('tto_kube_request_seconds_count', { verb: 'list' }),
    used: one.consumption(),
  });
  return { controller: await of(processes.controller), agent: await of(processes.agent) };
}
