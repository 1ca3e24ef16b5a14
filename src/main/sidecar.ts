import { Command } from 'commander';
import { flag, parseGroup, parseNamePrefix, parsePath } from '../process/index.ts';
import { startSidecar } from '../wireguard/index.ts';
import { type CommonFlags, logLevelFlag, metricsAddressFlag, socketFlag } from './common-flags.ts';
import { groupNumber } from './group.ts';
import { type Served, type Surroundings, serve } from './serve.ts';
import { registerSidecarMetrics } from './sidecar-metrics.ts';

interface SidecarFlags extends CommonFlags {
  socket: string;
  socketGroup?: string;
  netnsPrefix: string;
  nodeNetns?: string;
  stateDir?: string;
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
      .addOption(
        flag('node-netns', 'path', "the node's network namespace; default: the one it is started in", {
          optional: true,
          parse: parsePath,
        }),
      )
      .addOption(
        flag(
          'state-dir',
          'path',
          'folder of the node, where its sidecars take turns and leave word; wireguard-go then ends with its sidecar',
          { optional: true, parse: parsePath },
        ),
      )
      // On the loopback address unless told otherwise, since this process may be in the node's network.
      .addOption(metricsAddressFlag('127.0.0.1:9821'))
      .addOption(logLevelFlag())
      .action((flags: SidecarFlags) => {
        const socketGroup = flags.socketGroup === undefined ? undefined : groupNumber(flags.socketGroup);
        return serve('sidecar', version, flags, (surroundings) => run(flags, socketGroup, surroundings));
      })
  );
}

async function run(
  { socket, netnsPrefix, nodeNetns, stateDir }: SidecarFlags,
  socketGroup: number | undefined,
  { logger, registry, signal }: Surroundings,
): Promise<Served> {
  const sidecar = startSidecar({
    socketPath: socket,
    ...(socketGroup === undefined ? {} : { socketGroup }),
    netnsPrefix,
    ...(nodeNetns === undefined ? {} : { nodeNetns }),
    ...(stateDir === undefined ? {} : { stateDir }),
    logger,
    signal,
  });
  registerSidecarMetrics(registry, () => sidecar.metrics());
  let isReady = false;
  sidecar.ready.then(
    () => {
      isReady = true;
    },
    // `done` tells.
    () => undefined,
  );
  return { waitingFor: () => (isReady ? [] : [`the socket ${socket}`]), done: sidecar.done };
}
