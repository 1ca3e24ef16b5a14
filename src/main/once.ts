import { Command } from 'commander';
import { Registry } from 'prom-client';
import { applyCrds, check, cleanup } from '../install/index.ts';
import type { KubeClient } from '../kube/index.ts';
import { durationParser, flag } from '../process/index.ts';
import { gatewayNamespaceFlag, kubeconfigFlag, namespaceFlag } from './common-flags.ts';
import { createKubeClient } from './kube-client.ts';
import { loadKubeConfig } from './kube-config.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

interface Flags {
  kubeconfig?: string;
}

export function applyCrdsCommand(version: string): Command {
  return new Command('apply-crds')
    .description('Installs the kinds, or brings them to this version. Never takes a field away.')
    .addOption(kubeconfigFlag())
    .action((flags: Flags) =>
      once('apply-crds', version, flags, async (client, signal) => {
        await applyCrds(client, say, signal);
        return true;
      }),
    );
}

export function checkCommand(version: string): Command {
  return new Command('check')
    .description('Looks whether all parts of an installation are there and well; exit code 1 when not.')
    .addOption(kubeconfigFlag())
    .addOption(namespaceFlag())
    .addOption(gatewayNamespaceFlag())
    .action((flags: Flags & { namespace: string; gatewayNamespace: string }) =>
      once('check', version, flags, (client, signal) =>
        check({ ...flags, client, say, now: Date.now, signal }),
      ),
    );
}

export function cleanupCommand(version: string): Command {
  return new Command('cleanup')
    .description(
      'Stops the controller and takes all tunnels off the nodes, before an uninstall. Keeps the ledger.',
    )
    .addOption(kubeconfigFlag())
    .addOption(namespaceFlag())
    .addOption(gatewayNamespaceFlag())
    .addOption(
      flag('timeout', 'duration', 'how long it may take', {
        default: '4m',
        parse: durationParser(1_000, 3_600_000),
      }),
    )
    .action((flags: Flags & { namespace: string; gatewayNamespace: string; timeout: number }) =>
      once('cleanup', version, flags, async (client, signal) => {
        await cleanup({ ...flags, timeoutMs: flags.timeout, client, say, now: Date.now, signal });
        return true;
      }),
    );
}

/** Runs what ends by itself: exit code 0 when it is content, 1 with one sentence when it is not. */
async function once(
  name: string,
  version: string,
  { kubeconfig }: Flags,
  work: (client: KubeClient, signal: AbortSignal) => Promise<boolean>,
): Promise<void> {
  const client = createKubeClient(loadKubeConfig(kubeconfig), { name, version, registry: new Registry() });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  try {
    process.exitCode = (await work(client, stop.signal)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}
