/** The same Kubernetes by kind: its nodes are containers of docker or podman, which are on the test network as well. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { apiClient } from '../../api-client.ts';
import { writeApiServerFiles } from '../../api-server-files.ts';
import { ensureKindBinaries } from '../../binaries.ts';
import { ownedDirectory } from '../../lifetime.ts';
import { createTestNetwork, type TestNetwork } from '../../network.ts';
import { ensurePackages } from '../../prerequisites.ts';
import { waitFor } from '../../wait.ts';
import { assemble } from '../assemble.ts';
import { isUnified } from '../cgroups.ts';
import { namesIn, PROBE_IMAGE, writeImage } from '../images.ts';
import { named } from '../naming.ts';
import { isReady } from '../ready.ts';
import type { Kubernetes, KubernetesOptions } from '../types.ts';
import { apiServerSwitch } from './api-server.ts';
import { KindCommands } from './commands.ts';
import {
  controlPlaneContainer,
  FILES_DIRECTORY,
  kindConfiguration,
  workerContainer,
} from './configuration.ts';
import { findEngine } from './engine.ts';
import { KindNode } from './node.ts';

type Undo = () => Promise<void> | void;

/** @param image of the nodes; null: what kind takes by itself */
export async function startKind(options: KubernetesOptions, image: string | null): Promise<Kubernetes> {
  const undo: Undo[] = [];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    const network = options.network ?? (await createTestNetwork('kubernetes'));
    if (options.network === undefined) undo.push(() => network.destroy());
    return { ...(await start(network, options, image, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  network: TestNetwork,
  { progress = () => {}, nodes: wanted = 1, audit = false, users = [] }: KubernetesOptions,
  image: string | null,
  undo: Undo[],
): Promise<Omit<Kubernetes, 'stop'>> {
  ensurePackages(progress, 'images');
  const programs = await ensureKindBinaries({ progress });
  const owned = ownedDirectory('kind');
  const cluster = basename(owned.path).toLowerCase();
  const commands = new KindCommands(findEngine() ?? 'docker', cluster);
  const plan = named(wanted);
  const nodes = plan.map(
    ({ name, tun = true }, at) =>
      new KindNode({ name, tun, network, commands, container: workerContainer(cluster, at) }),
  );
  undo.push(async () => void (await Promise.all(nodes.map((node) => node.unplug()))));
  undo.push(() => owned.remove());

  const files = join(owned.path, 'api-server');
  mkdirSync(files);
  const { tokens, auditLog, flags } = writeApiServerFiles(files, { audit, users }, FILES_DIRECTORY);
  const configuration = kindConfiguration({
    nodes: plan,
    files,
    apiServerFlags: flags,
    isUnified: isUnified(),
  });
  const server = serverIn(owned.path, await commands.create(owned, configuration, image));
  progress('kind has made the cluster');
  for (const node of nodes) await node.plugIn();

  const directory = owned.path;
  const client = apiClient({ ...server, tokens, kubectlPath: programs.kubectl, directory });
  const loadImage: Kubernetes['loadImage'] = async (archive, names = plan.map(({ name }) => name)) => {
    const containers = names.map((name) => assembled.node(name).container);
    await commands.load(archive, containers);
    return namesIn(archive);
  };
  const assembled = assemble({ client, nodes, helmPath: programs.helm, directory });
  await loadImage(writeImage(directory, PROBE_IMAGE, programs.probe, ['serve']));
  await waitFor('nodes Ready and namespaces furnished', () => isReady(client, nodes.length), 90_000);
  progress('nodes Ready');
  const onControlPlane = (command: readonly string[]) =>
    commands.exec(controlPlaneContainer(cluster), command);
  return {
    ...client,
    ...apiServerSwitch(client, onControlPlane),
    ...assembled,
    auditLog,
    directory,
    nodes,
    network,
    loadImage,
  };
}

interface Flattened {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
}

/** Where the API server is, and who vouches for it, by the kubeconfig that kind wrote. */
function serverIn(directory: string, kubeconfig: string): { url: string; caFile: string } {
  const [{ cluster }] = (parse(readFileSync(kubeconfig, 'utf8')) as Flattened).clusters;
  const caFile = join(directory, 'ca.crt');
  writeFileSync(caFile, Buffer.from(cluster['certificate-authority-data'], 'base64'));
  return { url: cluster.server, caFile };
}
