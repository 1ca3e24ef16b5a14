/** The commands about one cluster: kind's, and those of docker or podman about the containers that are its nodes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../command.ts';
import { identify, type OwnedDirectory, spawnOwned } from '../../lifetime.ts';
import { waitFor } from '../../wait.ts';
import type { Engine } from './engine.ts';

const LONGEST_MS = 180_000;
/** The first time it pulls an image of 1 GB. */
const LONGEST_CREATION_MS = 10 * 60_000;

export class KindCommands {
  readonly #engine: Engine;
  readonly #cluster: string;

  constructor(engine: Engine, cluster: string) {
    this.#engine = engine;
    this.#cluster = cluster;
  }

  /**
   * Makes the cluster, which is removed with the directory.
   *
   * @param image of its nodes; null: what kind takes by itself
   * @returns path of its administrator's kubeconfig
   */
  async create(owned: OwnedDirectory, configuration: string, image: string | null): Promise<string> {
    const kubeconfig = join(owned.path, 'kubeconfig-kind');
    owned.undoBy(this.#removal(kubeconfig));
    const file = join(owned.path, 'kind.yaml');
    writeFileSync(file, configuration);
    const args = ['create', 'cluster', '--name', this.#cluster, '--config', file, '--kubeconfig', kubeconfig];
    const more = image === null ? [] : ['--image', image];
    const creation = await spawnOwned(owned.path, 'kind', 'kind', [...args, ...more], this.#environment());
    await waitFor('kind has made a cluster', () => creation.ended() !== null, LONGEST_CREATION_MS);
    if (creation.ended() !== 'ended with exit code 0') {
      throw new Error(`kind create cluster ${creation.ended()}:\n${creation.logTail(30)}`);
    }
    return kubeconfig;
  }

  /** Puts the images of an archive on nodes. */
  async load(archive: string, containers: readonly string[]): Promise<void> {
    const args = ['load', 'image-archive', archive, '--name', this.#cluster, '--nodes', containers.join(',')];
    await run('kind', args, { environment: this.#environment(), timeoutMs: LONGEST_MS });
  }

  /** As when somebody pulls the plug. */
  async kill(container: string): Promise<void> {
    const pid = await this.pid(container);
    await run(this.#engine, ['kill', container]);
    await waitFor(`the end of ${container}`, () => identify(pid) === null);
  }

  async start(container: string): Promise<void> {
    await run(this.#engine, ['start', container]);
  }

  /** The first process of a running container, as this machine counts. */
  async pid(container: string): Promise<number> {
    return Number(await run(this.#engine, ['inspect', '--format', '{{.State.Pid}}', container]));
  }

  async exec(container: string, command: readonly string[]): Promise<string> {
    return run(this.#engine, ['exec', container, ...command]);
  }

  /** By which kind uses this engine, and a network of the cluster's own. */
  #environment(): Record<string, string> {
    return {
      KIND_EXPERIMENTAL_PROVIDER: this.#engine,
      [`KIND_EXPERIMENTAL_${this.#engine.toUpperCase()}_NETWORK`]: this.#cluster,
    };
  }

  /** Removes containers with their volumes, and the network, in whatever state they are. */
  #removal(kubeconfig: string): [string, ...string[]] {
    const { DOCKER_HOST } = process.env;
    const environment = { ...this.#environment(), ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }) };
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return ['env', ...variables, 'sh', '-c', REMOVAL, this.#engine, this.#cluster, kubeconfig];
  }
}

// Where kind was killed while it made nodes, the engine goes on making them, for commands that outlive kind.
const REMOVAL = `while pgrep -f "$0 run --name $1-" > /dev/null; do sleep 0.2; done
kind delete cluster --name "$1" --kubeconfig "$2"
"$0" network rm "$1"`;
