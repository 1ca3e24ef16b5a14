/** `make cluster`: a control plane with the project's kinds and permissions, until Ctrl-C. */
import { startControlPlane } from './control-plane.ts';
import { findOnPath } from './path.ts';
import { ensurePackages } from './prerequisites.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  ensurePackages(say);
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const cluster = await startControlPlane({ progress: say });
  await cluster.install();
  say('A control plane with the kinds of vpn.traidnet.io and the permissions of deploy/base; no nodes.');
  say('In another terminal:\n');
  say(`  export KUBECONFIG=${cluster.adminKubeconfig}`);
  if (findOnPath('kubectl') === null) say(`  alias kubectl=${cluster.kubectlPath}`);
  say('  kubectl api-resources --api-group=vpn.traidnet.io\n');
  say('Ctrl-C ends it and removes its data.');
  const keepAlive = setInterval(() => {}, 60_000);
  await stopped;
  clearInterval(keepAlive);
  await cluster.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
