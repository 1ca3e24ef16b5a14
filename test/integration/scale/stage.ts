import { setTimeout as sleep } from 'node:timers/promises';
import { ROUTERS, TENANT_TUNNELS } from '../../../src/api/index.ts';
import { configMaps, type ResourceType, secrets } from '../../../src/kube/index.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../../testbed/system.ts';
import { waitFor } from '../../testbed/wait.ts';
import { ScaleCluster } from './cluster.ts';
import { ControllerProcess } from './controller-process.ts';
import { takePicture } from './picture.ts';
import { NAMESPACES } from './scenario.ts';

const QUARANTINE_SECONDS = 86_400;

/** Where the scenario is played again and again: one API server, a controller at work and one that is ready to begin. */
export class Stage {
  readonly cluster: ScaleCluster;
  #current: ControllerProcess | undefined;
  #spare: Promise<ControllerProcess>;

  static async open(): Promise<Stage> {
    const cluster = await ScaleCluster.start(NAMESPACES, { router: { presharedKeys: true } });
    return new Stage(cluster);
  }

  private constructor(cluster: ScaleCluster) {
    this.cluster = cluster;
    this.#spare = ControllerProcess.start(cluster.plane);
  }

  /** Who is at work. */
  get controller(): ControllerProcess {
    if (this.#current === undefined) throw new Error('Nobody is at work.');
    return this.#current;
  }

  /** The one that stands ready begins, in place of whoever was there. */
  async next(): Promise<ControllerProcess> {
    const last = this.#current;
    this.#current = (await this.#spare).go();
    this.#spare = ControllerProcess.start(this.cluster.plane);
    await last?.remove();
    return this.#current;
  }

  /** After everybody has left: ends the quarantine of what they had, so that nothing at all is left. */
  async clear(): Promise<void> {
    const { client } = this.cluster;
    await this.cluster.changeClass({ quarantineSeconds: 0 });
    let left = '';
    await waitFor(
      `the ledger is empty`,
      async () => {
        const { records, held, quarantined } = await takePicture(client);
        left = `${records.length} tunnels, ${held.length} live and ${quarantined} quarantined addresses`;
        return left.replaceAll(/\D+/g, '') === '000';
      },
      20_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message} There are ${left}.`);
    });
    await this.cluster.changeClass({ quarantineSeconds: QUARANTINE_SECONDS });
  }

  /** Wipes everything out by hand, with a new controller after that. */
  async startOver(): Promise<void> {
    const { client } = this.cluster;
    await this.#current?.remove();
    this.#current = undefined;
    const remove = (type: ResourceType, namespace: string) => client.deleteAll(type, { namespace });
    for (const namespace of NAMESPACES) {
      await remove(ROUTERS, namespace);
      await remove(TENANT_TUNNELS, namespace);
    }
    await remove(secrets, SYSTEM_NAMESPACE);
    for (const type of [secrets, configMaps]) await remove(type, GATEWAY_NAMESPACE);
    await this.cluster.changeClass({ quarantineSeconds: QUARANTINE_SECONDS });
    await (await this.next()).untilLeading();
    await sleep(100);
  }

  async close(): Promise<void> {
    await this.#current?.remove();
    await this.#spare.then((spare) => spare.remove()).catch(() => {});
    await this.cluster.stop();
  }
}
