import { randomUUID } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import { type ControllerProcess, startController } from '../../../src/controller/index.ts';
import { KubeClient } from '../../../src/kube/index.ts';

export const SYSTEM = 'tenant-tunnel-system';
export const GATEWAYS = 'tenant-tunnel-gateways';

/** One controller process, in this process. */
export class RunningController {
  readonly logs: string[] = [];
  readonly #process: ControllerProcess;
  readonly #abort = new AbortController();
  readonly #client: KubeClient;

  constructor(kubeconfig: string, alsoLog: (line: string) => void = () => {}) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#client = new KubeClient(config);
    const log =
      (level: string) =>
      (fields: object, message: string): void => {
        const line = `${level} ${message} ${JSON.stringify(fields)}`;
        this.logs.push(line);
        alsoLog(line);
      };
    this.#process = startController({
      client: this.#client,
      namespace: SYSTEM,
      gatewayNamespace: GATEWAYS,
      identity: randomUUID(),
      leaderElect: true,
      signal: this.#abort.signal,
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      registry: new Registry(),
    });
    // Whoever waits for the end sees it.
    this.#process.done.catch(() => {});
  }

  get isReady(): boolean {
    return this.#process.waitingFor().length === 0;
  }

  get leads(): boolean {
    return this.logs.some((line) => line.startsWith('info leading'));
  }

  get done(): Promise<void> {
    return this.#process.done;
  }

  /** Takes its connections away, for good: it can neither renew its Lease nor write. */
  async cut(): Promise<void> {
    await this.#client.close();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#process.done;
    await this.#client.close();
  }
}
