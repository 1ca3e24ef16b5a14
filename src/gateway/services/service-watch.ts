import {
  type EndpointSlice,
  endpointSlices,
  Informer,
  type KubeClient,
  LABEL_SERVICE_NAME,
  type Logger,
  type Service,
  services,
} from '../../kube/index.ts';
import type { Found } from './resolve.ts';

export interface ServiceWatchOptions {
  client: KubeClient;
  logger: Logger;
  /** Ends all watches. */
  signal: AbortSignal;
  /** What is known of a Service that this tunnel names has changed. */
  onChange: (tunnel: string) => void;
}

/** Two watches each; a node carries more tunnels than its Services are many. */
export const MAX_WATCHED = 256;

/** What is known: nothing yet, why nothing ever will be, or what there is. */
export type Seen = { state: 'unknown' } | { state: 'refused'; why: string } | ({ state: 'known' } & Found);

interface Watched {
  service: Informer<Service>;
  slices: Informer<EndpointSlice>;
  tunnels: Set<string>;
  stop: AbortController;
}

/**
 * The Services that tunnels of this node name, each watched by its name and its slices by their label, however many
 * tunnels name it. So an agent sees no more of a cluster than it needs, and goes on without the controller.
 */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #wanted = new Map<string, ReadonlySet<string>>();

  constructor(options: ServiceWatchOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => {
      for (const { stop } of this.#watched.values()) stop.abort();
    });
  }

  /** A tunnel names these Services, `namespace/name`, and no others. */
  want(tunnel: string, keys: ReadonlySet<string>): void {
    for (const key of this.#wanted.get(tunnel) ?? []) if (!keys.has(key)) this.#leave(tunnel, key);
    if (keys.size === 0) this.#wanted.delete(tunnel);
    else this.#wanted.set(tunnel, keys);
    for (const key of keys) this.#join(tunnel, key);
  }

  seen(key: string): Seen {
    const watched = this.#watched.get(key);
    if (watched === undefined) {
      return {
        state: 'refused',
        why: `this node watches ${MAX_WATCHED} Services already, which is the most`,
      };
    }
    const { service, slices } = watched;
    if (service.hasSynced && slices.hasSynced) {
      return { state: 'known', service: service.get(key), slices: slices.list() };
    }
    const lacking = [service, slices].find(({ failing }) => failing === 'Forbidden');
    if (lacking === undefined) return { state: 'unknown' };
    const [namespace] = key.split('/');
    return {
      state: 'refused',
      why: `the gateway agent may not list ${lacking.type.plural} in namespace ${namespace}; give it the right to`,
    };
  }

  #join(tunnel: string, key: string): void {
    const known = this.#watched.get(key);
    if (known !== undefined) known.tunnels.add(tunnel);
    else if (this.#watched.size < MAX_WATCHED && !this.#options.signal.aborted) this.#begin(tunnel, key);
  }

  #begin(tunnel: string, key: string): void {
    const { client, logger, onChange } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const common = { client, namespace, logger };
    const watched: Watched = {
      service: new Informer({ ...common, type: services, fieldSelector: `metadata.name=${name}` }),
      slices: new Informer({
        ...common,
        type: endpointSlices,
        labelSelector: `${LABEL_SERVICE_NAME}=${name}`,
      }),
      tunnels: new Set([tunnel]),
      stop: new AbortController(),
    };
    this.#watched.set(key, watched);
    const tell = (): void => {
      if (this.#watched.get(key) !== watched) return;
      for (const one of watched.tunnels) onChange(one);
    };
    for (const informer of [watched.service, watched.slices]) {
      informer.onChange(tell);
      void informer.run(watched.stop.signal);
      informer.synced.then(tell, () => undefined);
    }
  }

  #leave(tunnel: string, key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.tunnels.delete(tunnel);
    if (watched.tunnels.size > 0) return;
    this.#watched.delete(key);
    watched.stop.abort();
  }
}
