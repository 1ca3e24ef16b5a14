/** 3. Nothing leaks: when all is quiet, ledger and handover hold exactly what the Routers and TenantTunnels ask for. */
import { isLive } from '../../../src/allocation/index.ts';
import {
  LABEL_GATEWAY,
  LABEL_TUNNEL,
  ROUTERS,
  type Router,
  type RouterAccess,
  TENANT_TUNNELS,
} from '../../../src/api/index.ts';
import { parseHandoverName } from '../../../src/gateway/handover-parts.ts';
import {
  configMaps,
  findCondition,
  isTrue,
  keyOf,
  nodes,
  type ObjectMeta,
  type ResourceType,
  type Secret,
  secrets,
} from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';
import { GATEWAYS } from '../crew.ts';
import type { Picture, Record } from '../picture.ts';
import { Violation } from '../violation.ts';
import { admittedTo, tenantOf } from './admitted.ts';
import type { Scene } from './served.ts';

const leak = (message: string): Violation => new Violation('3 leak', message);

const isThere = (object: { metadata: { deletionTimestamp?: string } } | undefined): boolean =>
  object !== undefined && object.metadata.deletionTimestamp === undefined;

export function nothingLeaks({ picture, server, cursed }: Scene): void {
  const live = [...picture.records()].filter(({ entry }) => isLive(entry));
  const owners = new Set<string>();
  for (const { entry, address, tunnel } of live) {
    if (!isThere(server.peek(ROUTERS, entry.owner)))
      throw leak(`${address} of tunnel ${tunnel} is still ${entry.owner}'s, which is gone`);
    if (owners.has(entry.owner)) throw leak(`${entry.owner} stands twice in the ledger, also at ${address}`);
    owners.add(entry.owner);
  }
  for (const entry of picture.tunnels.values()) {
    const tunnel = server.peek(TENANT_TUNNELS, entry.owner);
    // Another of the tenant that may not have its numbers as it stands keeps them for a person to decide; so do Routers
    // of the tenant, which ask for it to be made; and while there are routers in it, one that somebody wrote is awaited.
    const isClaimed =
      server.all(TENANT_TUNNELS).some((one) => tenantOf(one) === entry.tenant) ||
      server.all(ROUTERS).some((one) => one.spec.tenant === entry.tenant && isThere(one));
    const isInUse = live.some((record) => record.tunnel === entry.index);
    if (isLive(entry) && !isThere(tunnel) && !isClaimed && !isInUse)
      throw leak(`tunnel ${entry.index} is still ${entry.owner}'s, which is gone`);
  }
  for (const router of server.all(ROUTERS)) {
    const isMute = cursed.has(`apply routers/status ${keyOf(router)}`);
    if (isThere(router) && !isMute) statusIsTrue(router, live);
  }
  handoverIsExact(picture, server, live);
}

function statusIsTrue(router: Router, live: readonly Record[]): void {
  const key = keyOf(router);
  const { address, publicKey, conditions } = router.status ?? {};
  const record = live.find(({ entry }) => entry.owner === key);
  const isAllocated = findCondition(conditions, 'Allocated')?.status === 'True';
  // One that waits or is refused need not say what it keeps meanwhile.
  if (!isAllocated && (record === undefined || address === undefined)) return;
  if (record?.address !== address || record?.entry.publicKey !== publicKey) {
    throw leak(
      `${key}: status has ${address} ${publicKey}, the ledger ${record?.address} ${record?.entry.publicKey}`,
    );
  }
}

function handoverIsExact(picture: Picture, server: ApiServer, live: readonly Record[]): void {
  const wanted = new Map<string, Map<string, string>>();
  const unplaced = new Set<string>();
  for (const { index, owner } of [...picture.tunnels.values()].filter(isLive)) {
    const node = picture.handovers.get(index)?.tunnel && picture.handovers.get(index)?.node;
    if (node === undefined || server.peek(nodes, node) === undefined) {
      unplaced.add(String(index));
      continue;
    }
    const own = live.filter(({ tunnel }) => tunnel === index);
    const blocks = [...new Set(own.map(({ block }) => block))].sort((a, b) => a - b);
    const { tunnel } = picture.handovers.get(index) ?? {};
    if (String(tunnel?.blocks) !== String(blocks))
      throw leak(`tunnel ${index} lists blocks ${tunnel?.blocks}, not ${blocks}`);
    const holder = server.peek(TENANT_TUNNELS, owner);
    const uid = holder && tenantOf(holder) === tunnel?.tenant ? holder.metadata.uid : undefined;
    if (uid !== undefined && tunnel?.tenantTunnel.uid !== uid)
      throw leak(`tunnel ${index} is handed over for ${tunnel?.tenantTunnel.uid}, not ${uid}`);
    wanted.set(`configmaps tunnel-${index}`, new Map());
    wanted.set(`secrets tunnel-${index}`, new Map());
    for (const block of blocks) {
      const peers = own.filter((record) => record.block === block && isPeer(server, picture, record, own));
      const describe = ({ entry, address }: Record) =>
        [String(address), `${entry.owner} ${entry.publicKey}`] as const;
      wanted.set(`configmaps tunnel-${index}-peers-${block}`, new Map(peers.map(describe)));
      wanted.set(
        `secrets tunnel-${index}-access-${block}`,
        new Map(peers.map((peer) => [String(peer.address), logIn(peer)])),
      );
    }
  }
  const isUntold = (name: string, address: string): boolean => {
    const [, index] = /tunnel-(\d+)/.exec(name) ?? [];
    const record = live.find((one) => one.tunnel === Number(index) && String(one.address) === address);
    const router = record && server.peek(ROUTERS, record.entry.owner);
    return router !== undefined && router.status?.address !== address;
  };
  for (const [name, expected] of handedOver(picture, server)) {
    // Of a tunnel that lies on no node what was handed over before stays.
    if (unplaced.has(/tunnel-(\d+)/.exec(name)?.[1] ?? '')) continue;
    const object = wanted.get(name);
    if (object === undefined) throw leak(`${name} is left over`);
    const index = Number(/tunnel-(\d+)/.exec(name)?.[1]);
    const node = nodeOf(server, name);
    if (node !== picture.handovers.get(index)?.node)
      throw leak(`${name} lies on ${node}, its tunnel on ${picture.handovers.get(index)?.node}`);
    // What no status tells, as nobody may write it, is not handed over anew, nor taken back.
    const [is, should] = [expected, object].map((map) =>
      JSON.stringify([...map].filter(([address]) => !isUntold(name, address)).sort()),
    );
    if (!/ tunnel-\d+$/.test(name) && is !== should) throw leak(`${name} holds ${is}, and should ${should}`);
    wanted.delete(name);
  }
  for (const name of wanted.keys()) throw leak(`${name} is missing`);
}

/** One that somebody took the label from is in nobody's hands. */
const isOurs = ({ namespace, labels }: ObjectMeta): boolean =>
  namespace === GATEWAYS && labels?.[LABEL_TUNNEL] !== undefined;

function nodeOf(server: ApiServer, name: string): string | undefined {
  const [plural, objectName] = name.split(' ');
  const type = plural === 'configmaps' ? configMaps : secrets;
  return server.peek(type as ResourceType, `${GATEWAYS}/${objectName}`)?.metadata.labels?.[LABEL_GATEWAY];
}

/** What there is, by name: address → who, or address → log-in. */
function* handedOver(picture: Picture, server: ApiServer): Generator<[string, Map<string, string>]> {
  for (const { metadata } of server.all(configMaps)) {
    const name = parseHandoverName(metadata.name);
    if (name === undefined || !isOurs(metadata)) continue;
    const peers = (name.part === 'peers' && picture.handovers.get(name.index)?.peers.get(name.block)) || [];
    const told = peers.map(
      (peer) => [peer.address, `${peer.namespace}/${peer.name} ${peer.publicKey}`] as const,
    );
    yield [`configmaps ${metadata.name}`, new Map(told)];
  }
  for (const secret of server.all(secrets) as Secret[]) {
    if (!isOurs(secret.metadata) || parseHandoverName(secret.metadata.name) === undefined) continue;
    const read = Object.entries(secret.data ?? {}).map(([address, value]) => {
      const isAccess = secret.metadata.name.includes('-access-');
      return [address, isAccess ? logInOf(Buffer.from(value, 'base64').toString()) : ''] as const;
    });
    yield [`secrets ${secret.metadata.name}`, new Map(read)];
  }
}

/** Of a tunnel that lies nowhere, what people have made of its objects is not mended. */
function logInOf(text: string): string {
  try {
    const { user, password, apiPort } = JSON.parse(text) as RouterAccess;
    return `${user} ${password} ${apiPort}`;
  } catch {
    return text;
  }
}

function isPeer(
  server: ApiServer,
  picture: Picture,
  { entry, tunnel }: Record,
  own: readonly Record[],
): boolean {
  const router = server.peek(ROUTERS, entry.owner);
  const record = picture.tunnels.get(tunnel);
  if (router === undefined || record === undefined || router.spec.suspended) return false;
  if (!admittedTo(router, record, server)) return false;
  const isTold =
    router.status?.publicKey === entry.publicKey && isTrue(router.status.conditions, 'Allocated');
  const holders = own.filter((other) => other.entry.publicKey === entry.publicKey);
  return isTold || holders.length === 1;
}

const logIn = ({ entry: { access } }: Record): string =>
  `${access?.user} ${access?.password} ${access?.apiPort}`;
