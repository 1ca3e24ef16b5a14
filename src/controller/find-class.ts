import {
  holderOfSubnet6,
  isExcluded,
  isSubnet6Of,
  isSubnetOf,
  networkOf,
  type TunnelEntry,
} from '../allocation/index.ts';
import { DEFAULT_CLASS_ANNOTATION, type TenantTunnel, type TunnelClass } from '../api/index.ts';
import { pool6Of, poolsOf } from './class-capacity.ts';
import { older, type Refusal } from './find-tunnel.ts';

/** The class marked as default; the newest when several are, as with StorageClasses. */
export function defaultClass(classes: readonly TunnelClass[]): TunnelClass | undefined {
  return classes.filter(isDefault).sort((a, b) => older(b, a))[0];
}

export const isDefault = ({ metadata }: TunnelClass): boolean =>
  metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true';

/**
 * The class that a tunnel is made from. One that was allocated stays with the class it was given, whatever the
 * manifest or the default says later.
 */
export function classOf(
  tunnel: TenantTunnel,
  entry: TunnelEntry | undefined,
  classes: readonly TunnelClass[],
): { found: TunnelClass } | { refused: Refusal } {
  const name = entry?.className ?? tunnel.spec.className ?? defaultClass(classes)?.metadata.name;
  if (name === undefined) {
    return {
      refused: {
        reason: 'NoDefaultClass',
        message: `No TunnelClass is marked as default; annotate one with ${DEFAULT_CLASS_ANNOTATION}: "true", or name one in spec.className.`,
      },
    };
  }
  const found = classes.find(({ metadata }) => metadata.name === name);
  if (found !== undefined) return { found };
  const still = entry === undefined ? '' : ' What its routers were given goes on working.';
  return {
    refused: {
      reason: 'ClassNotFound',
      message: `TunnelClass ${name} does not exist; create it${entry ? ' again' : ', or name another in spec.className'}.${still}`,
    },
  };
}

/**
 * What a class, as it is now, could not give any more to a tunnel that was allocated from it. Nothing has to be done
 * about it, so it is no objection: the tunnel stays ready.
 */
export function classDrift(tunnelClass: TunnelClass, entry: TunnelEntry): Refusal | undefined {
  const { metadata, spec } = tunnelClass;
  const { first, last } = spec.ports;
  const gone = [
    hasSubnet(tunnelClass, entry) ? undefined : `subnet ${entry.subnet}`,
    hasSubnet6(tunnelClass, entry) ? undefined : `IPv6 subnet ${entry.subnet6}`,
    first <= entry.listenPort && entry.listenPort <= last ? undefined : `port ${entry.listenPort}`,
  ].filter((text) => text !== undefined);
  if (gone.length === 0) return undefined;
  return {
    reason: 'ClassChanged',
    message: `TunnelClass ${metadata.name} no longer holds ${gone.join(' and ')}; this tunnel keeps what it was given, which its routers in the field live by.`,
  };
}

function hasSubnet(tunnelClass: TunnelClass, entry: TunnelEntry): boolean {
  const read = poolsOf(tunnelClass);
  // The class itself says what is wrong with its pools.
  if ('problem' in read) return false;
  return isSubnetOf(read.pools, networkOf(entry)) && !isExcluded(read.pools, networkOf(entry));
}

function hasSubnet6(tunnelClass: TunnelClass, { subnet6 }: TunnelEntry): boolean {
  const { pool6 } = pool6Of(tunnelClass);
  return subnet6 === undefined || (pool6 !== undefined && isSubnet6Of(pool6, subnet6));
}

/** Why a tunnel has no IPv6 although its class names a pool. That another one has its /64, only hands can have brought about. */
export function withoutSubnet6(
  tunnelClass: TunnelClass,
  entry: TunnelEntry,
  tunnels: ReadonlyMap<number, TunnelEntry>,
): Refusal | undefined {
  const { pool6, problem } = pool6Of(tunnelClass);
  if (entry.subnet6 !== undefined || (pool6 === undefined && problem === undefined)) return undefined;
  const holder = pool6 && holderOfSubnet6(tunnels, entry, pool6);
  const why =
    problem ??
    (holder === undefined
      ? `the pool has no /64 with number ${entry.index}.`
      : `${holder.subnet6} is that of tunnel ${holder.owner}.`);
  return {
    reason: 'SubnetUnavailable',
    message: `wg${entry.index} with ${entry.subnet} on port ${entry.listenPort}, and without IPv6: ${why}`,
  };
}

/** A manifest that asks for another class than the one the tunnel was allocated from. */
export function classChange(tunnel: TenantTunnel, entry: TunnelEntry): Refusal | undefined {
  const wanted = tunnel.spec.className;
  if (wanted === undefined || wanted === entry.className) return undefined;
  return {
    reason: 'ClassChanged',
    message: `This tunnel was allocated from TunnelClass ${entry.className}, which its routers in the field live by; put spec.className back, or create another TenantTunnel.`,
  };
}
