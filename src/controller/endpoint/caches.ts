import { ENDPOINT_PART, LABEL_PART, LABEL_TUNNEL } from '../../api/index.ts';
import { type EndpointSlice, endpointSlices, Informer, type Service, services } from '../../kube/index.ts';
import type { CacheOptions } from '../caches.ts';

/** Labels what leads routers to tunnels, and only that. */
export const ENDPOINT_SELECTOR = `${LABEL_PART}=${ENDPOINT_PART}`;

/**
 * The Services and EndpointSlices that lead to tunnels. They are watched from the first class on that has any, since most
 * installations have none; and nothing but them waits for their first list, which a role of an older version does not allow.
 */
export class EndpointCaches {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly #signal: AbortSignal;
  #running: Promise<unknown> | undefined;

  constructor(
    { client, gatewayNamespace, logger, environment }: Omit<CacheOptions, 'namespace'>,
    signal: AbortSignal,
  ) {
    const { clock, random } = environment;
    const source = {
      client,
      logger,
      clock,
      random,
      namespace: gatewayNamespace,
      labelSelector: ENDPOINT_SELECTOR,
    };
    const byTunnel = {
      tunnel: ({ metadata }: Service | EndpointSlice) => [metadata.labels?.[LABEL_TUNNEL] ?? ''],
    };
    this.services = new Informer<Service>({ ...source, type: services, indexes: byTunnel });
    this.slices = new Informer<EndpointSlice>({ ...source, type: endpointSlices, indexes: byTunnel });
    this.#signal = signal;
  }

  /** Watches from now on; at once where it does already. */
  begin(): void {
    this.#running ??= Promise.all([this.services.run(this.#signal), this.slices.run(this.#signal)]);
  }

  get hasBegun(): boolean {
    return this.#running !== undefined;
  }

  get hasSynced(): boolean {
    return this.services.hasSynced && this.slices.hasSynced;
  }

  /** What listing or watching them fails with. */
  get failing(): string | undefined {
    return this.services.failing ?? this.slices.failing;
  }

  /** Resolves when both are there. */
  get synced(): Promise<unknown> {
    return Promise.all([this.services.synced, this.slices.synced]);
  }

  /** Resolves when all has ended after the signal. */
  async ended(): Promise<void> {
    await this.#running;
  }
}
