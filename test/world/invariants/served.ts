/** 9. When all is quiet every object is served, or refused for a reason that is true; none waits on account of another. */
import { isLive, networkOf, type TunnelEntry } from '../../../src/allocation/index.ts';
import { overlaps, parseNetwork } from '../../../src/allocation/ipv4.ts';
import {
  type Condition,
  ROUTERS,
  type Router,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_CLASSES,
} from '../../../src/api/index.ts';
import { defaultClass } from '../../../src/controller/find-class.ts';
import { usedScript } from '../../../src/controller/router-script.ts';
import { findCondition, keyOf, nodes } from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { allows, meantBy, tenantOf } from './admitted.ts';
import { isCordoned, mayCome, shouldLeave } from './placed.ts';

const unserved = (message: string): Violation => new Violation('9 served', message);

export interface Scene {
  server: ApiServer;
  picture: Picture;
  wall: number;
  /** Requests that the server refuses. */
  cursed: ReadonlySet<string>;
}

export function allAreServed(scene: Scene): void {
  const { server, picture, cursed } = scene;
  for (const router of server.all(ROUTERS)) {
    const key = keyOf(router);
    if (router.metadata.deletionTimestamp !== undefined || cursed.has(`apply routers/status ${key}`))
      continue;
    const isHeld = [...picture.records()].some(({ entry }) => entry.owner === key && isLive(entry));
    const isMute = meantBy(router, server).some((one) =>
      cursed.has(`apply tenanttunnels/status ${keyOf(one)}`),
    );
    if (!isHeld && isMute) continue;
    // While its TenantTunnel is awaited, whatever is said of a router that has a place stays.
    if (isHeld && meantBy(router, server).length === 0) continue;
    if (isSaid(router, key).status === 'True') scriptIsRight(router, scene);
    else if (!routerMayBeRefused(router, scene))
      throw unserved(`${key} is refused without reason: ${allocated(router)}`);
  }
  for (const tunnel of server.all(TENANT_TUNNELS)) {
    const key = keyOf(tunnel);
    if (cursed.has(`apply tenanttunnels/status ${key}`)) continue;
    const condition = isSaid(tunnel, key);
    if (condition.status !== 'True' && !tunnelMayBeRefused(tunnel, condition, scene)) {
      throw unserved(`${key} is refused without reason: ${allocated(tunnel)}`);
    }
    if (condition.status === 'True') isPlaced(tunnel, scene);
  }
  for (const { metadata, status } of server.all(TUNNEL_CLASSES)) {
    if (cursed.has(`apply tunnelclasses/status ${metadata.name}`)) continue;
    const live = [...picture.tunnels.values()].filter(
      (entry) => isLive(entry) && entry.className === metadata.name,
    );
    if (status?.observedGeneration !== metadata.generation || status.tunnels !== live.length) {
      throw unserved(`class ${metadata.name} says ${status?.tunnels} tunnels, not ${live.length}`);
    }
  }
}

type Served = Router | TenantTunnel;

const allocated = ({ status }: Served): string =>
  JSON.stringify(findCondition(status?.conditions, 'Allocated'));

function isSaid({ metadata, status }: Served, key: string): Condition {
  const condition = findCondition(status?.conditions, 'Allocated');
  if (condition === undefined || status?.observedGeneration !== metadata.generation) {
    throw unserved(
      `${key}, generation ${metadata.generation}, waits: ${JSON.stringify({ ...status, script: '' })}`,
    );
  }
  return condition as Condition;
}

function scriptIsRight(router: Router, { picture, server }: Scene): void {
  const key = keyOf(router);
  const { script = '', tunnel: owner = '' } = router.status ?? {};
  const record = [...picture.records()].find(({ entry }) => entry.owner === key && isLive(entry));
  const entry = record && picture.tunnels.get(record.tunnel);
  if (record === undefined || entry === undefined) throw unserved(`${key} says it has a place and has none`);
  const hasClass = server.peek(TUNNEL_CLASSES, entry.className) !== undefined;
  const said = server.peek(TENANT_TUNNELS, owner);
  const isOthers = owner !== entry.owner && (said === undefined || tenantOf(said) !== entry.tenant);
  // Without its class what is told of a router stays as it is.
  if (!hasClass) return;
  if (isOthers) throw unserved(`${key} says ${owner} and stands in ${entry.owner}`);
  const { privateKey = '', publicKey, access, recovered } = record.entry;
  // What the ledger has lost of it, only the script has.
  if (recovered !== undefined) return;
  if (access?.used !== undefined) {
    if (script !== usedScript(record.entry)) throw unserved(`${key} shows a script that was used`);
    return;
  }
  const texts = [
    record.address,
    privateKey || publicKey,
    access?.password,
    access?.user,
    entry.publicKey,
    String(entry.listenPort),
  ];
  const missing = texts.find((text) => text === undefined || !script.includes(text));
  if (missing !== undefined) throw unserved(`the script of ${key} lacks ${missing}`);
  const { phase } = router.status ?? {};
  if ((phase === 'Suspended') !== router.spec.suspended) throw unserved(`${key} is ${phase}`);
}

function isPlaced(tunnel: TenantTunnel, { server, picture }: Scene): void {
  const free = server.all(nodes).filter(({ metadata }) => mayCome(server, metadata.name));
  const entry = [...picture.tunnels.values()].find(({ tenant }) => tenant === tenantOf(tunnel));
  const hasClass = server.all(TUNNEL_CLASSES).some(({ metadata }) => metadata.name === entry?.className);
  const { gateway } = tunnel.status ?? {};
  if (!hasClass) return;
  if (gateway === undefined && free.length > 0) throw unserved(`${keyOf(tunnel)} lies on no node`);
  const others = free.filter(({ metadata: { name } }) => name !== gateway && !isCordoned(server, name));
  if (gateway !== undefined && shouldLeave(server, gateway) && others.length > 0)
    throw unserved(`${keyOf(tunnel)} is left on ${gateway}`);
}

function routerMayBeRefused(router: Router, scene: Scene): boolean {
  const { picture, server, cursed } = scene;
  const condition = findCondition(router.status?.conditions, 'Allocated');
  const meant = meantBy(router, server);
  const index = [...picture.tunnels.values()].find((entry) =>
    meant.some((tunnel) => tenantOf(tunnel) === entry.tenant),
  )?.index;
  const inTunnel = (other: Router) => meantBy(other, server).some((tunnel) => meant.includes(tunnel));
  const others = server.all(ROUTERS).filter((other) => keyOf(other) !== keyOf(router) && inTunnel(other));
  const held = [...picture.records()].filter(
    ({ tunnel, entry }) => tunnel === index && isLive(entry) && entry.owner !== keyOf(router),
  );
  const { address, publicKey, tenant } = router.spec;
  switch (condition?.reason) {
    case 'TunnelNotFound':
      return meant.length === 0;
    case 'NamespaceNotAllowed':
      return meant.some((tunnel) => !allows(tunnel, router));
    case 'AddressTaken':
      return (
        held.some((one) => one.address === address) || others.some((one) => one.spec.address === address)
      );
    case 'KeyTaken':
      return (
        held.some(({ entry }) => entry.publicKey === publicKey) ||
        others.some(({ spec }) => spec.publicKey === publicKey)
      );
    case 'AddressOutsidePool': {
      const entry = [...picture.tunnels.values()].find(({ tenant: of }) =>
        meant.some((tunnel) => tenantOf(tunnel) === of),
      );
      return entry !== undefined && address !== undefined && !isForRouters(entry, address);
    }
    case 'TunnelRefused':
      return [...cursed].some(
        (what) => what.startsWith('create tenanttunnels') && what.endsWith(`/${tenant}`),
      );
    case 'Pending':
    case 'ClassNotFound':
    case 'NoDefaultClass':
      return meant.some((tunnel) => findCondition(tunnel.status?.conditions, 'Ready')?.status !== 'True');
    default:
      return false;
  }
}

function isForRouters(entry: TunnelEntry, address: string): boolean {
  const at = parseNetwork(`${address}/32`).base - networkOf(entry).base;
  return at >= 256 && at < 2 ** (32 - networkOf(entry).length) - 1;
}

function tunnelMayBeRefused(
  tunnel: TenantTunnel,
  { reason }: Condition,
  { server, picture }: Scene,
): boolean {
  const classes = server.all(TUNNEL_CLASSES);
  const entries = [...picture.tunnels.values()];
  const others = entries.filter(({ tenant }) => tenant !== tenantOf(tunnel));
  const { className, subnet, listenPort } = tunnel.spec;
  const own = entries.find(({ tenant }) => tenant === tenantOf(tunnel));
  const name = own?.className ?? className ?? defaultClass(classes)?.metadata.name;
  const meant = classes.find(({ metadata }) => metadata.name === name);
  switch (reason) {
    case 'TenantTaken':
      return server
        .all(TENANT_TUNNELS)
        .some((other) => other !== tunnel && tenantOf(other) === tenantOf(tunnel));
    case 'NoDefaultClass':
      return name === undefined;
    case 'ClassNotFound':
      return meant === undefined;
    case 'SubnetTaken':
      return others.some((entry) => overlaps(networkOf(entry), parseNetwork(subnet ?? '')));
    case 'PortTaken':
      return others.some((entry) => entry.listenPort === listenPort);
    case 'PinChanged':
      return own !== undefined && (own.subnet !== subnet || own.listenPort !== listenPort);
    case 'PoolExhausted':
      return (
        meant !== undefined && others.filter((entry) => entry.className === meant.metadata.name).length >= 2
      );
    case 'SubnetOutsidePool':
      return subnet !== undefined;
    case 'PortOutsideRange':
      return listenPort !== undefined;
    case 'InvalidPool':
      return true;
    default:
      return false;
  }
}
