/** Whether the routers of a tunnel have to be brought to another endpoint, and how long the gateway is asked to. */
import type { TunnelEntry } from '../../allocation/index.ts';
import type { EndpointHandover, TenantTunnel } from '../../api/index.ts';
import { hostPort } from '../../wireguard/index.ts';
import { currentNode, handedOverTunnel } from '../gateways.ts';
import { readTunnel } from '../handover-objects.ts';
import type { World } from '../world.ts';

export interface HandOverInput {
  /** What routers are to be told; undefined: nobody knows it at present. */
  host: string | undefined;
  entry: Pick<TunnelEntry, 'listenPort'>;
  status: TenantTunnel['status'];
  /** As it is handed over already. */
  standing: EndpointHandover;
}

/**
 * An endpoint is handed over from when it is another one than the status tells until all routers have it; so a tunnel whose
 * endpoint never changed has none. It is handed over before the status tells it ({@link isYetToHandOver}).
 */
export function endpointToHandOver({ host, entry, status, standing }: HandOverInput): EndpointHandover {
  if (host === undefined) return standing;
  const { listenPort: port } = entry;
  const wanted = hostPort(host, port);
  const isAnother = status?.endpoint !== undefined && status.endpoint !== wanted;
  if (!isAnother && (standing.endpoint === undefined || isThrough(status, wanted))) return {};
  return { endpoint: { host, port } };
}

/** Whether the gateway says that all routers have it. */
function isThrough(status: TenantTunnel['status'], wanted: string): boolean {
  const { to, pending, failed } = status?.endpointChange ?? {};
  return to === wanted && pending === 0 && failed === 0;
}

/** A status that told it first would leave nobody to know, after a restart, that it is another one than before. */
export function isYetToHandOver(
  world: World,
  { status }: TenantTunnel,
  { index }: TunnelEntry,
  endpoint: string | undefined,
): boolean {
  if (status?.endpoint === undefined || endpoint === undefined || status.endpoint === endpoint) return false;
  if (currentNode(world, index) === undefined) return false;
  return handedOver(world, index) !== endpoint;
}

/** Whether it has served its time, and the status was told so. */
export function isYetToTakeBack(world: World, { status }: TenantTunnel, { index }: TunnelEntry): boolean {
  const endpoint = handedOver(world, index);
  return endpoint !== undefined && endpoint === status?.endpoint && isThrough(status, endpoint);
}

function handedOver(world: World, index: number): string | undefined {
  const { endpoint } = readTunnel(handedOverTunnel(world, index))?.endpoint ?? {};
  return endpoint === undefined ? undefined : hostPort(endpoint.host, endpoint.port);
}
