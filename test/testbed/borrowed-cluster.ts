/** The cluster of somebody's kubeconfig, for `make demo CLUSTER=kubeconfig`: used with care, left as it was. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ensureBinaries } from './binaries.ts';
import { AGENT_USER, CONTROLLER_USER, type ControlPlane } from './control-plane.ts';
import { ownedDirectory } from './lifetime.ts';
import { findOnPath } from './path.ts';
import { rightsManifest } from './rights.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const CRDS = join(REPOSITORY, 'crds');

/** What the operator on one machine needs of a cluster. */
export type Cluster = Pick<
  ControlPlane,
  'adminKubeconfig' | 'kubectlPath' | 'kubeconfig' | 'kubectl' | 'install' | 'stop'
>;

interface Flattened {
  clusters: { cluster: Record<string, string> }[];
}

/**
 * @throws when the cluster does not answer, or holds objects of our kinds: another operator may be at work there.
 */
export async function borrowCluster(progress: (line: string) => void): Promise<Cluster> {
  const kubectlPath = findOnPath('kubectl') ?? (await ensureBinaries({ progress })).kubectl;
  const kubectl = (args: string[], input = ''): string => {
    const done = spawnSync(kubectlPath, args, {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      timeout: 120_000,
    });
    if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${done.stderr || done.error}`);
    return done.stdout;
  };
  const context = kubectl(['config', 'current-context']).trim();
  const hadKinds = kubectl(['get', 'crds', '-o', 'name']).includes('routers.vpn.traidnet.io');
  if (hadKinds && kubectl(['get', 'vpn', '-A', '-o', 'name']).trim() !== '') {
    throw new Error(
      `The cluster of context ${context} has objects of vpn.traidnet.io: an operator may be at work there. Use another context, or leave CLUSTER out.`,
    );
  }
  progress(`using the cluster of your kubeconfig's context ${context}`);

  const directory = ownedDirectory('borrowed-cluster');
  const flattened = kubectl(['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']);
  const adminKubeconfig = join(directory.path, 'kubeconfig-admin');
  writeFileSync(adminKubeconfig, flattened, { mode: 0o600 });
  const { clusters } = JSON.parse(flattened) as Flattened;

  const kubeconfig = (user: string): string => {
    const [, , namespace = '', name = ''] = user.split(':');
    const token = kubectl(['create', 'token', name, '-n', namespace, '--duration', '4h']).trim();
    const file = join(directory.path, `kubeconfig-${name}`);
    const one = { name: 'borrowed', cluster: clusters[0]?.cluster };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'borrowed',
      clusters: [one],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: 'borrowed', context: { cluster: 'borrowed', user } }],
    };
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return file;
  };

  return {
    adminKubeconfig,
    kubectlPath,
    kubectl,
    kubeconfig: (user) => {
      if (user !== CONTROLLER_USER && user !== AGENT_USER) throw new Error(`No kubeconfig for ${user} here.`);
      return kubeconfig(user);
    },
    install: async () => {
      kubectl(['apply', '--server-side', '-f', CRDS]);
      kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS]);
      kubectl(['apply', '--server-side', '-f', '-'], rightsManifest(kubectl));
    },
    stop: async () => {
      const remove = ['delete', '--ignore-not-found', '--wait=false'];
      // With the kinds go their objects; where they were there before, there were none.
      if (hadKinds) {
        kubectl([...remove, 'vpn', '--all', '-A']);
      } else {
        kubectl([...remove, '-f', CRDS]);
        kubectl([...remove, '-f', '-'], rightsManifest(kubectl));
      }
      directory.remove();
    },
  };
}
