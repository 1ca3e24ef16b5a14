import { type HandedBlock, type HandedRouter, type HandedTunnel, isNetwork } from '../allocation/index.ts';
import {
  ANNOTATION_CLASS,
  ANNOTATION_REVISION,
  accessObjectName,
  isSubnet6,
  PEERS_KEY,
  PRIVATE_KEY,
  type RouterAccess,
  TUNNEL_KEY,
  type TunnelHandover,
  tunnelObjectName,
} from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import { isKey, parsePeers, publicKeyOf } from '../wireguard/index.ts';

/**
 * Reads back what was handed over to the gateways (handover-objects.ts wrote it). What does not read, since somebody
 * edited it, is as if it were not there.
 *
 * @param classOf the class of a TenantTunnel, for what was made without a note of it
 */
export function handedTunnels(
  configMaps: readonly ConfigMap[],
  secrets: readonly Secret[],
  classOf: (tenantTunnel: string) => string | undefined,
): HandedTunnel[] {
  const secretOf = new Map(secrets.map((secret) => [secret.metadata.name, secret]));
  const blocks = new Map<number, HandedBlock[]>();
  for (const peers of configMaps) {
    const match = /^tunnel-(\d{1,5})-peers-(\d{1,5})$/.exec(peers.metadata.name);
    if (match === null) continue;
    const [index, number] = [Number(match[1]), Number(match[2])];
    const access = secretOf.get(accessObjectName(index, number));
    // A password that followed another changes the log-ins alone.
    const revision = latest(revisionOf(peers), access && revisionOf(access));
    const block = { number, revision, routers: () => routersOf(peers, access) };
    blocks.set(index, [...(blocks.get(index) ?? []), block]);
  }
  return configMaps.flatMap((configMap): HandedTunnel[] => {
    const match = /^tunnel-(\d{1,5})$/.exec(configMap.metadata.name);
    if (match === null) return [];
    const index = Number(match[1]);
    const key = secretOf.get(tunnelObjectName(index));
    const record = () => recordOf(index, configMap, key, classOf);
    return [{ index, revision: revisionOf(configMap), record, blocks: blocks.get(index) ?? [] }];
  });
}

/** The revision of the ledger that an object was made from. */
export function revisionOf({ metadata: { annotations } }: ConfigMap | Secret): number | undefined {
  const text = annotations?.[ANNOTATION_REVISION] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

export const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);

function recordOf(
  index: number,
  { data, metadata: { annotations } }: ConfigMap,
  key: Secret | undefined,
  classOf: (tenantTunnel: string) => string | undefined,
): ReturnType<HandedTunnel['record']> {
  const handover = objectIn<TunnelHandover>(data?.[TUNNEL_KEY]);
  const { tenant, subnet, subnet6, listenPort, publicKey, tenantTunnel } = handover ?? {};
  const owner = `${tenantTunnel?.namespace}/${tenantTunnel?.name}`;
  const className = annotations?.[ANNOTATION_CLASS] ?? classOf(owner);
  if (handover?.index !== index || !isText(tenant) || !LABEL.test(tenant)) return undefined;
  if (!isText(className) || !OWNER.test(owner)) return undefined;
  if (!isText(subnet) || !isNetwork(subnet) || !isPort(listenPort)) return undefined;
  if (!isText(publicKey) || !isKey(publicKey)) return undefined;
  const privateKey = textOf(key, PRIVATE_KEY)?.trim() ?? '';
  const isOurs = isKey(privateKey) && publicKeyOf(privateKey) === publicKey;
  const six = isSubnet6(subnet6) ? { subnet6 } : {};
  const record = { index, tenant, owner, className, subnet, listenPort, publicKey, ...six };
  return isOurs ? { ...record, privateKey } : record;
}

function routersOf({ data }: ConfigMap, access: Secret | undefined): HandedRouter[] {
  try {
    return parsePeers(data?.[PEERS_KEY] ?? '').map(({ namespace, name, address, publicKey }) => ({
      owner: `${namespace}/${name}`,
      address,
      publicKey,
      ...loginOf(textOf(access, address)),
    }));
  } catch {
    return [];
  }
}

function loginOf(
  text: string | undefined,
): Pick<HandedRouter, 'access' | 'presharedKey' | 'nextPublicKey' | 'isOwnKey'> {
  const fields = objectIn<RouterAccess>(text) ?? {};
  const { user, password, apiPort, presharedKey, nextPublicKey, ownKey } = fields;
  if (!isText(user) || !isText(password) || !isPort(apiPort)) return {};
  const shared = isText(presharedKey) && isKey(presharedKey) ? { presharedKey } : {};
  const made = {
    ...(isText(nextPublicKey) && isKey(nextPublicKey) ? { nextPublicKey } : {}),
    ...(ownKey === true ? { isOwnKey: ownKey } : {}),
  };
  const { next, revision, used, changed, due } = fields;
  const access = {
    user,
    password,
    apiPort,
    ...(isText(next) ? { next } : {}),
    ...(isCount(revision) ? { revision } : {}),
    ...(isTime(used) ? { used } : {}),
    ...(isTime(changed) ? { changed } : {}),
    ...(due === true ? { due } : {}),
  };
  return { access, ...shared, ...made };
}

function textOf(secret: Secret | undefined, key: string): string | undefined {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** The fields of what was such an object when it was written, and may be anything by now. */
function objectIn<T>(text: string | undefined): { [K in keyof T]?: T[K] | undefined } | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A tenant is part of a Secret's key: what the API server would refuse must not keep all others from being recorded. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const OWNER = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9][a-z0-9.-]{0,252}$/;

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 512;

const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value + 2) && value >= 0;

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
