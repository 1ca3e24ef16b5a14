import { KubeConfig } from '@kubernetes/client-node';
import { ROUTERS, type Router, TENANT_TUNNELS, type TenantTunnel } from '../../src/api/index.ts';
import { Informer, KubeClient } from '../../src/kube/index.ts';

interface Sighting {
  /** `performance.now()` */
  at: number;
  router: Router;
}

/** All that a watch of the API server has told of Routers and TenantTunnels, each version of each with its time. */
export class History {
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #routers: Informer<Router>;
  readonly #tunnels: Informer<TenantTunnel>;
  readonly #sightings = new Map<string, Sighting[]>();
  readonly #running: Promise<unknown>;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#client = new KubeClient(config);
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    // Tests take the API server away and wait for what it says when it is back.
    const common = { client: this.#client, logger, timings: { backoff: { baseMs: 100, maxMs: 500 } } };
    this.#routers = new Informer<Router>({ ...common, type: ROUTERS });
    this.#tunnels = new Informer<TenantTunnel>({ ...common, type: TENANT_TUNNELS });
    this.#routers.onChange(({ key, object }) => {
      const seen = this.#sightings.get(key) ?? [];
      seen.push({ at: performance.now(), router: object });
      this.#sightings.set(key, seen);
    });
    this.#running = Promise.all([this.#routers.run(this.#stop.signal), this.#tunnels.run(this.#stop.signal)]);
  }

  router(key: string): Router | undefined {
    return this.#routers.get(key);
  }

  routers(): Router[] {
    return this.#routers.list();
  }

  tunnel(key: string): TenantTunnel | undefined {
    return this.#tunnels.get(key);
  }

  /** Phases that a Router went through since `since`, without repetition. */
  phases(key: string, since = 0): string[] {
    const all = (this.#sightings.get(key) ?? [])
      .filter(({ at }) => at >= since)
      .map(({ router }) => router.status?.phase ?? '');
    return all.filter((phase, i) => phase !== all[i - 1]);
  }

  /** When a Router first was so, on the clock of `performance.now()`. */
  firstTime(key: string, isSo: (router: Router) => boolean, since = 0): number | undefined {
    return this.#sightings.get(key)?.find(({ at, router }) => at >= since && isSo(router))?.at;
  }

  /** The script that a Router had before it was used, or before it got another. */
  firstScript(key: string): string {
    const scripts = (this.#sightings.get(key) ?? []).map(({ router }) => router.status?.script);
    return scripts.find((script) => script !== undefined) ?? '';
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#client.close();
  }
}
