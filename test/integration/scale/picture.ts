import type { Block } from '../../../src/allocation/block.ts';
import { decodeBlock, decodeTunnels } from '../../../src/allocation/codec.ts';
import { isLedgerName, isLive, parseBlockName, type TunnelEntry } from '../../../src/allocation/index.ts';
import {
  type HandoverPeer,
  LABEL_PART,
  LABEL_TUNNEL,
  PEERS_KEY,
  ROUTERS,
  type Router,
  type RouterAccess,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_KEY,
  type TunnelHandover,
} from '../../../src/api/index.ts';
import {
  configMaps,
  type KubeClient,
  type KubeObject,
  keyOf,
  type ResourceType,
  secrets,
} from '../../../src/kube/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../../testbed/system.ts';

/** What the ledger has live of one router. */
export interface Held {
  tunnel: TunnelEntry | undefined;
  index: number;
  block: number;
  entry: NonNullable<ReturnType<Block['entries']['get']>>;
}

/** One object of the handover, taken apart. */
export type HandedOver = { name: string; index: number } & (
  | { part: 'tunnel'; tunnel: TunnelHandover }
  | { part: 'peers'; block: number; peers: HandoverPeer[] }
  | { part: 'key' }
  | { part: 'access'; block: number; access: Map<string, RouterAccess> }
);

/** Everything that is stored at one time, or nearly so. */
export interface Picture {
  routers: Map<string, Router>;
  tunnels: Map<string, TenantTunnel>;
  /** Of the ledger, live and in quarantine. */
  records: TunnelEntry[];
  /** Live addresses of the ledger. */
  held: Held[];
  /** Addresses in quarantine. */
  quarantined: number;
  handover: HandedOver[];
}

/** Reads it past all caches; what cannot be read throws. */
export async function takePicture(client: KubeClient): Promise<Picture> {
  const [routers, tunnels, ledger, maps, keys] = await Promise.all([
    all(client, ROUTERS),
    all(client, TENANT_TUNNELS),
    all(client, secrets, SYSTEM_NAMESPACE),
    all(client, configMaps, GATEWAY_NAMESPACE),
    all(client, secrets, GATEWAY_NAMESPACE),
  ]);
  const objects = ledger.filter(({ metadata }) => isLedgerName(metadata.name));
  const stored = new Map(objects.map(({ metadata, data }) => [metadata.name, texts(data)]));
  const records = [...decodeTunnels(stored.get('ledger-tunnels') ?? { format: '1' }).tunnels.values()];
  const blocks = [...stored].flatMap(([name, data]) => {
    const id = parseBlockName(name);
    return id === undefined ? [] : [decodeBlock(id.tunnel, id.block, data)];
  });
  const entries = blocks.flatMap((block) => [...block.entries.values()].map((entry) => ({ block, entry })));
  return {
    routers: new Map(routers.map((router) => [keyOf(router), router])),
    tunnels: new Map(tunnels.map((tunnel) => [keyOf(tunnel), tunnel])),
    records,
    held: entries
      .filter(({ entry }) => isLive(entry))
      .map(({ block, entry }) => ({
        tunnel: records.find(({ index }) => index === block.tunnel),
        index: block.tunnel,
        block: block.number,
        entry,
      })),
    quarantined: entries.filter(({ entry }) => !isLive(entry)).length,
    handover: [
      ...maps.flatMap((object) => takeApart(object, object.data ?? {})),
      ...keys.flatMap((object) => takeApart(object, texts(object.data))),
    ],
  };
}

function takeApart({ metadata: { name, labels } }: KubeObject, data: Record<string, string>): HandedOver[] {
  if (labels?.[LABEL_TUNNEL] === undefined) return [];
  const index = Number(labels[LABEL_TUNNEL]);
  const block = Number(/-(\d+)$/.exec(name)?.[1]);
  switch (labels[LABEL_PART]) {
    case 'tunnel':
      return [{ name, index, part: 'tunnel', tunnel: JSON.parse(data[TUNNEL_KEY] ?? '') }];
    case 'peers':
      return [{ name, index, part: 'peers', block, peers: parsePeers(data[PEERS_KEY] ?? '') }];
    case 'access': {
      const access = new Map(Object.entries(data).map(([address, text]) => [address, JSON.parse(text)]));
      return [{ name, index, part: 'access', block, access }];
    }
    default:
      return [{ name, index, part: 'key' }];
  }
}

async function all<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType<T>,
  namespace?: string,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(type, { namespace, limit: 1000, continue: next });
    items.push(...page.items);
    next = page.continue;
  } while (next !== undefined);
  return items;
}

const texts = (data: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
