import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { KubeConfig } from '@kubernetes/client-node';
import { Command } from 'commander';
import { type ControllerProcess, startController } from '../controller/index.ts';
import { Prerequisites } from '../install/index.ts';
import { flag, parseBoolean, parseSubdomain, tidyMemory } from '../process/index.ts';
import {
  backupNamespaceFlag,
  type CommonFlags,
  gatewayNamespaceFlag,
  kubeconfigFlag,
  logLevelFlag,
  metricsAddressFlag,
  namespaceFlag,
} from './common-flags.ts';
import { createKubeClient } from './kube-client.ts';
import { loadKubeConfig } from './kube-config.ts';
import { type Served, type Surroundings, serve } from './serve.ts';

const HEAP_GROWING_PERCENT = 80;

interface ControllerFlags extends CommonFlags {
  kubeconfig?: string;
  namespace: string;
  gatewayNamespace: string;
  backupNamespace: string;
  leaderElect: boolean;
  identity?: string;
}

export function controllerCommand(version: string): Command {
  return new Command('controller')
    .description('Gives routers their addresses, keys and scripts, and hands the tunnels to the agents.')
    .addOption(kubeconfigFlag())
    .addOption(namespaceFlag())
    .addOption(gatewayNamespaceFlag())
    .addOption(backupNamespaceFlag())
    .addOption(
      flag('leader-elect', 'boolean', 'work only while holding the Lease; false for a single process alone', {
        default: 'true',
        isSwitch: true,
        parse: parseBoolean,
      }),
    )
    .addOption(
      flag(
        'identity',
        'name',
        'name in the Lease, unique for each process; default: host name and a random part',
        {
          optional: true,
          parse: parseSubdomain,
        },
      ),
    )
    .addOption(metricsAddressFlag(':8080'))
    .addOption(logLevelFlag())
    .action((flags: ControllerFlags) => {
      const config = loadKubeConfig(flags.kubeconfig);
      return serve('controller', version, flags, (surroundings) => run(flags, config, surroundings));
    });
}

async function run(flags: ControllerFlags, config: KubeConfig, surroundings: Surroundings): Promise<Served> {
  const { logger, registry, signal } = surroundings;
  const client = createKubeClient(config, surroundings);
  // A fleet that is applied at once would spend a fifth of its time on collecting garbage by the image's setting, which
  // is made for an agent at rest. What has grown meanwhile is taken back in quiet times.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  tidyMemory(logger, signal);
  const prerequisites = new Prerequisites();
  let controller: ControllerProcess | undefined;
  const work = async (): Promise<void> => {
    if (!(await prerequisites.met(client, logger, signal))) return;
    controller = startController({
      client,
      namespace: flags.namespace,
      gatewayNamespace: flags.gatewayNamespace,
      backupNamespace: flags.backupNamespace,
      identity: flags.identity ?? `${hostname()}-${randomBytes(4).toString('hex')}`,
      leaderElect: flags.leaderElect,
      signal,
      logger,
      registry,
    });
    await controller.done;
  };
  return {
    waitingFor: () => [...prerequisites.waitingFor(), ...(controller?.waitingFor() ?? [])],
    done: work().finally(() => client.close()),
  };
}
