import type { KubeConfig } from '@kubernetes/client-node';
import { Command } from 'commander';
import { startAgent } from '../gateway/index.ts';
import {
  flag,
  integerParser,
  parseAddress,
  parsePort,
  parseSubdomain,
  tidyMemory,
} from '../process/index.ts';
import { SidecarClient } from '../wireguard/index.ts';
import {
  backupNamespaceFlag,
  type CommonFlags,
  gatewayNamespaceFlag,
  kubeconfigFlag,
  logLevelFlag,
  metricsAddressFlag,
  offlineAfterFlag,
  socketFlag,
} from './common-flags.ts';
import { createKubeClient } from './kube-client.ts';
import { loadKubeConfig } from './kube-config.ts';
import { type RelayFlags, relayFlags, relaySettings } from './relay-flags.ts';
import { type Served, type Surroundings, serve } from './serve.ts';

/** WireGuard shakes hands anew every 120 s, and tries for some seconds (WireGuard paper §6.2, REKEY_AFTER_TIME). */
const STEADY_HANDSHAKES_MS = 135_000;

interface AgentFlags extends CommonFlags, RelayFlags {
  kubeconfig?: string;
  nodeName: string;
  gatewayNamespace: string;
  backupNamespace: string;
  peerAddress?: string;
  peerPort: number;
  sidecarSocket: string;
  /** Milliseconds. */
  offlineAfter: number;
  routerSeries: number;
  listenRouters: number;
}

export function agentCommand(version: string): Command {
  const command = new Command('agent')
    .description('Carries the tunnels of one node: drives its sidecar, sees handshakes, configures routers.')
    .addOption(
      flag('node-name', 'name', 'the Node that this is', { parse: parseSubdomain, env: 'NODE_NAME' }),
    )
    .addOption(kubeconfigFlag())
    .addOption(gatewayNamespaceFlag())
    .addOption(backupNamespaceFlag())
    .addOption(socketFlag('sidecar-socket'))
    .addOption(
      flag(
        'peer-address',
        'address',
        "this pod's own address, where the other gateways' agents reach it; without it no tunnel is moved from a node that is lost",
        { optional: true, parse: parseAddress, env: 'POD_IP' },
      ),
    )
    .addOption(
      flag('peer-port', 'port', "TCP port for the other gateways' agents; 0 takes a free one", {
        default: '9822',
        parse: parsePort,
      }),
    )
    .addOption(offlineAfterFlag())
    .addOption(
      flag('router-series', 'number', 'how many routers have metrics of their own, six for each', {
        default: '0',
        parse: integerParser(0, 100_000),
      }),
    )
    .addOption(
      flag('listen-routers', 'number', 'how many routers with profiles are listened to for changes at once', {
        default: '200',
        parse: integerParser(0, 2_000),
      }),
    )
    .addOption(metricsAddressFlag(':9820'))
    .addOption(logLevelFlag());
  for (const option of relayFlags()) command.addOption(option);
  return command.action((flags: AgentFlags) => {
    const config = loadKubeConfig(flags.kubeconfig);
    return serve('agent', version, flags, (surroundings) => run(flags, config, surroundings));
  });
}

async function run(flags: AgentFlags, config: KubeConfig, surroundings: Surroundings): Promise<Served> {
  const { logger, registry, signal } = surroundings;
  const client = createKubeClient(config, surroundings);
  if (flags.offlineAfter < STEADY_HANDSHAKES_MS) {
    logger.warn(
      { offlineAfterMs: flags.offlineAfter },
      'Routers will be called offline between two handshakes',
    );
  }
  tidyMemory(logger, signal);
  const agent = startAgent({
    client,
    sidecar: new SidecarClient({ socketPath: flags.sidecarSocket }),
    nodeName: flags.nodeName,
    gatewayNamespace: flags.gatewayNamespace,
    backupNamespace: flags.backupNamespace,
    ...(flags.peerAddress !== undefined && {
      peerAddress: { host: flags.peerAddress, port: flags.peerPort },
    }),
    offlineAfterSeconds: flags.offlineAfter / 1_000,
    routerSeries: flags.routerSeries,
    listenRouters: flags.listenRouters,
    relay: relaySettings(flags),
    signal,
    logger,
    registry,
  });
  return { waitingFor: agent.waitingFor, done: agent.done.finally(() => client.close()) };
}
