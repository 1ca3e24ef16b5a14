import { KubeConfig } from '@kubernetes/client-node';
import { ROUTERS, type Router } from '../../src/api/index.ts';
import { Informer, KubeClient } from '../../src/kube/index.ts';

export type Milestone = 'script' | 'VPNConnected' | 'Online' | 'profile';

/** When each Router reached what, as a watch of the API server tells it; milliseconds of performance.now(). */
export class Progress {
  readonly #seen = new Map<string, Map<Milestone, number>>();
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #informer: Informer<Router>;
  #wake: () => void = () => {};

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#client = new KubeClient(config);
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    this.#informer = new Informer<Router>({ client: this.#client, type: ROUTERS, logger: quiet });
    this.#informer.onChange(({ key, object }) => {
      const { script, phase } = object.status ?? {};
      if (script !== undefined) this.#reached(key, 'script');
      if (phase === 'VPNConnected' || phase === 'Configuring') this.#reached(key, 'VPNConnected');
      if (phase === 'Online') {
        this.#reached(key, 'VPNConnected');
        this.#reached(key, 'Online');
      }
      const { profiles = [] } = object.status ?? {};
      if (profiles.some(({ state }) => state === 'Applied')) this.#reached(key, 'profile');
      this.#wake();
    });
    void this.#informer.run(this.#stop.signal);
  }

  router(key: string): Router | undefined {
    return this.#informer.get(key);
  }

  at(key: string, milestone: Milestone): number | undefined {
    return this.#seen.get(key)?.get(milestone);
  }

  /** Waits until all of these Routers have reached it. @throws after `limitMs`, naming those that have not. */
  async all(keys: readonly string[], milestone: Milestone, limitMs = 60_000): Promise<void> {
    const missing = (): string[] => keys.filter((key) => this.at(key, milestone) === undefined);
    const end = performance.now() + limitMs;
    while (missing().length > 0) {
      const left = end - performance.now();
      if (left <= 0) {
        const where = missing().map((key) => `${key} is ${this.router(key)?.status?.phase ?? 'unknown'}`);
        throw new Error(`After ${limitMs / 1000} s not all have reached ${milestone}: ${where.join(', ')}.`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1000));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#client.close();
  }

  #reached(key: string, milestone: Milestone): void {
    const seen = this.#seen.get(key) ?? new Map<Milestone, number>();
    if (!seen.has(milestone)) seen.set(milestone, performance.now());
    this.#seen.set(key, seen);
  }
}
