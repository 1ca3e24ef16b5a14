/** `make demo`: from nothing to two tenants' routers Online, with the times of each step. */
import { borrowCluster, type Cluster } from '../testbed/borrowed-cluster.ts';
import { dataPlaneObstacle, ensurePackages } from '../testbed/prerequisites.ts';
import { type SystemOn, startSystem, startSystemOn } from '../testbed/system.ts';
import { Progress } from './progress.ts';
import { bold, dim, green, red, say, step } from './screen.ts';
import { NAMESPACES, tellStory } from './story.ts';

const keep = (process.env.KEEP ?? '') !== '';
const borrowed = process.env.CLUSTER === 'kubeconfig';
const FIRST_TIME = ' (the first run builds kube-apiserver, about 6 minutes)';

let system: SystemOn<Cluster> | undefined;
let progress: Progress | undefined;
let stopping: Promise<void> | undefined;

process.on('SIGINT', () => {
  if (stopping !== undefined) process.exit(130);
  say(`\n${dim('Cleaning up; Ctrl-C again to leave at once.')}`);
  void cleanUp().finally(() => process.exit(130));
});

process.exitCode = await main();

async function main(): Promise<number> {
  say(bold('tenant-tunnel-operator: from an empty cluster to routers Online'));
  say(dim('Real API server, real WireGuard, simulated MikroTik routers; all of it on this machine.\n'));
  try {
    ensurePackages(say);
    const obstacle = dataPlaneObstacle();
    if (obstacle !== null) throw new Error(obstacle);
    const running = await step(`cluster and operator${borrowed ? '' : FIRST_TIME}`, start);
    system = running;
    progress = new Progress(running.plane.adminKubeconfig);
    await tellStory(running, progress);
    if (keep) await stay(running);
    return 0;
  } catch (error) {
    say(`\n${red('✗')} ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await cleanUp();
  }
}

async function start(): Promise<SystemOn<Cluster>> {
  const options = {
    progress: (line: string) => (line.includes('ready') ? undefined : say(`     ${dim(line)}`)),
  };
  return borrowed ? startSystemOn(await borrowCluster(options.progress), options) : startSystem(options);
}

function cleanUp(): Promise<void> {
  stopping ??= (async () => {
    await progress?.stop();
    if (borrowed)
      system?.plane.kubectl(['delete', '--ignore-not-found', 'namespace', ...NAMESPACES, '--wait=false']);
    await system?.stop();
    if (system !== undefined)
      say(`\n${green('✓')} ${dim('cleaned up: no process, namespace or file is left')}`);
  })();
  return stopping;
}

/** KEEP=1: everything stays until Ctrl-C. */
async function stay({ plane, node, sidecarSocket }: SystemOn<Cluster>): Promise<void> {
  say(`\n${bold('It keeps running until Ctrl-C. In another terminal:')}`);
  say(`   export KUBECONFIG=${plane.adminKubeconfig}`);
  say(`   ${plane.kubectlPath} get vpn -A`);
  say(`   ${plane.kubectlPath} get router -n acme branch-1 -o jsonpath='{.status.script}'`);
  say(`   ${node.enter('ip', ['netns', 'exec', 'tto-wg0', 'wg', 'show']).join(' ')}`);
  say(`   curl --unix-socket ${sidecarSocket} http://sidecar/v1/tunnels/wg0/show`);
  await new Promise(() => setInterval(() => {}, 1 << 30));
}
