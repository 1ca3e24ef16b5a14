/** The handed-over objects of this node in local stores, by tunnel. */
import { accessObjectName, LABEL_GATEWAY } from '../api/index.ts';
import {
  type ConfigMap,
  configMaps,
  Informer,
  type KubeClient,
  type Logger,
  type Secret,
  secrets,
} from '../kube/index.ts';
import type { HandoverObjects } from './desired-tunnel.ts';
import { parseHandoverName } from './handover-parts.ts';

const BY_TUNNEL = 'tunnel';

export interface HandoverCacheOptions {
  client: KubeClient;
  namespace: string;
  nodeName: string;
  logger: Logger;
}

export class HandoverCache {
  readonly configMaps: Informer<ConfigMap>;
  readonly secrets: Informer<Secret>;
  readonly #namespace: string;

  constructor({ client, namespace, nodeName, logger }: HandoverCacheOptions) {
    this.#namespace = namespace;
    const shared = { client, namespace, labelSelector: `${LABEL_GATEWAY}=${nodeName}`, logger };
    const indexes = { [BY_TUNNEL]: interfacesOf };
    this.configMaps = new Informer({ ...shared, type: configMaps, indexes });
    this.secrets = new Informer({ ...shared, type: secrets, indexes });
  }

  get hasSynced(): boolean {
    return this.configMaps.hasSynced && this.secrets.hasSynced;
  }

  /** Interface names of all tunnels of which there is an object. */
  interfaceNames(): Set<string> {
    const objects = [...this.configMaps.list(), ...this.secrets.list()];
    return new Set(objects.flatMap(interfacesOf));
  }

  /** The log-ins of one block of a tunnel. */
  accessSecret(interfaceName: string, block: number): Secret | undefined {
    const index = indexOf(interfaceName);
    return index === undefined
      ? undefined
      : this.secrets.get(`${this.#namespace}/${accessObjectName(index, block)}`);
  }

  objectsOf(interfaceName: string): HandoverObjects {
    const peers = new Map<number, ConfigMap>();
    const access = new Map<number, Secret>();
    let tunnel: ConfigMap | undefined;
    let key: Secret | undefined;
    for (const object of this.configMaps.byIndex(BY_TUNNEL, interfaceName)) {
      const name = parseHandoverName(object.metadata.name);
      if (name?.part === 'tunnel') tunnel = object;
      if (name?.part === 'peers') peers.set(name.block, object);
    }
    for (const object of this.secrets.byIndex(BY_TUNNEL, interfaceName)) {
      const name = parseHandoverName(object.metadata.name);
      if (name?.part === 'tunnel') key = object;
      if (name?.part === 'access') access.set(name.block, object);
    }
    return { tunnel, key, peers, access };
  }
}

/** The interface that an object is about, in a list: the key of its tunnel in every queue of this room. */
export function interfacesOf(object: { metadata: { name: string } }): string[] {
  const name = parseHandoverName(object.metadata.name);
  return name === undefined ? [] : [`wg${name.index}`];
}

/** The index behind an interface name of ours. */
export function indexOf(interfaceName: string): number | undefined {
  const match = /^wg(0|[1-9]\d{0,5})$/.exec(interfaceName);
  return match === null ? undefined : Number(match[1]);
}
