/**
 * `make cluster`: a control plane with the project's kinds and permissions, until Ctrl-C. With `NODES=1` (or more) in
 * the environment: a Kubernetes with that many nodes, which run pods, and nothing of the project on it.
 */
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Kubernetes, PROBE_IMAGE, startKubernetes } from './kubernetes/index.ts';
import { findOnPath } from './path.ts';
import { ensurePackages } from './prerequisites.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  const { NODES = '' } = process.env;
  if (!/^[1-9]?$/.test(NODES)) throw new Error(`NODES is "${NODES}"; it must be a number from 1 to 9.`);
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const cluster = NODES === '' ? await withoutNodes() : await withNodes(Number(NODES));
  say('Ctrl-C ends it and removes its data.');
  const keepAlive = setInterval(() => {}, 60_000);
  await stopped;
  clearInterval(keepAlive);
  await cluster.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function withoutNodes(): Promise<ControlPlane> {
  ensurePackages(say);
  const cluster = await startControlPlane({ progress: say });
  await cluster.install();
  say('A control plane with the kinds of vpn.traidnet.io and the permissions of deploy/base; no nodes.');
  sayHowToReach(cluster);
  say('  kubectl api-resources --api-group=vpn.traidnet.io\n');
  return cluster;
}

async function withNodes(count: number): Promise<Kubernetes> {
  const cluster = await startKubernetes({ nodes: count, progress: say });
  say(`\nA Kubernetes with ${count === 1 ? 'a node' : `${count} nodes`} that run pods; no registry, no DNS.`);
  sayHowToReach(cluster);
  if (findOnPath('helm') === null) say(`  alias helm=${cluster.helmPath}`);
  say(`  kubectl run probe --image=${PROBE_IMAGE}\n`);
  say('A shell on a node:');
  for (const { name, enter } of cluster.nodes) say(`  ${name}: ${enter('sh', []).join(' ')}`);
  say('An image that is in a docker-archive file, onto a node:');
  const [first] = cluster.nodes;
  say(`  ${first?.enter('ctr', ['-n', 'k8s.io', 'images', 'import', 'FILE']).join(' ')}\n`);
  return cluster;
}

function sayHowToReach({
  adminKubeconfig,
  kubectlPath,
}: Pick<ControlPlane, 'adminKubeconfig' | 'kubectlPath'>): void {
  say('In another terminal:\n');
  say(`  export KUBECONFIG=${adminKubeconfig}`);
  if (findOnPath('kubectl') === null) say(`  alias kubectl=${kubectlPath}`);
}
