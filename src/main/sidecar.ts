import { Command } from 'commander';
import { flag, parseGroup, parseNamePrefix } from '../process/index.ts';
import { startSidecar } from '../wireguard/index.ts';
import { type CommonFlags, logLevelFlag, metricsAddressFlag, socketFlag } from './common-flags.ts';
import { groupNumber } from './group.ts';
import { type Served, type Surroundings, serve } from './serve.ts';
import { registerSidecarMetrics } from './sidecar-metrics.ts';

interface SidecarFlags extends CommonFlags {
  socket: string;
  socketGroup?: string;
  netnsPrefix: string;
}

export function sidecarCommand(version: string): Command {
  return (
    new Command('sidecar')
      .description(
        'Makes the tunnels on this node, as the agent tells it: privileged, without Kubernetes credentials.',
      )
      .addOption(socketFlag('socket'))
      .addOption(
        flag('socket-group', 'group', 'name or number of the group that may use the socket beside root', {
          optional: true,
          parse: parseGroup,
        }),
      )
      .addOption(
        flag('netns-prefix', 'prefix', "start of the tunnels' network namespaces' names", {
          default: 'tto-',
          parse: parseNamePrefix,
        }),
      )
      // Privileged, and in the node's network: on the loopback address unless told otherwise.
      .addOption(metricsAddressFlag('127.0.0.1:9821'))
      .addOption(logLevelFlag())
      .action((flags: SidecarFlags) => {
        const socketGroup = flags.socketGroup === undefined ? undefined : groupNumber(flags.socketGroup);
        return serve('sidecar', version, flags, (surroundings) => run(flags, socketGroup, surroundings));
      })
  );
}

async function run(
  flags: SidecarFlags,
  socketGroup: number | undefined,
  { logger, registry, signal }: Surroundings,
): Promise<Served> {
  const sidecar = startSidecar({
    socketPath: flags.socket,
    ...(socketGroup === undefined ? {} : { socketGroup }),
    netnsPrefix: flags.netnsPrefix,
    logger,
    signal,
  });
  registerSidecarMetrics(registry, () => sidecar.metrics());
  let isReady = false;
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const done = sidecar.ready.then(async () => {
    isReady = true;
    await stopped;
    await sidecar.stop();
  });
  return { waitingFor: () => (isReady ? [] : [`the socket ${flags.socket}`]), done };
}
