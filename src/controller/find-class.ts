import type { TunnelEntry } from '../allocation/index.ts';
import { DEFAULT_CLASS_ANNOTATION, type TenantTunnel, type TunnelClass } from '../api/index.ts';
import type { Refusal } from './find-tunnel.ts';

/** The class marked as default; the newest when several are, as with StorageClasses. */
export function defaultClass(classes: readonly TunnelClass[]): TunnelClass | undefined {
  return classes
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true')
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
}

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

/** A manifest that asks for another class than the one the tunnel was allocated from. */
export function classChange(tunnel: TenantTunnel, entry: TunnelEntry): Refusal | undefined {
  const wanted = tunnel.spec.className;
  if (wanted === undefined || wanted === entry.className) return undefined;
  return {
    reason: 'ClassChanged',
    message: `This tunnel was allocated from TunnelClass ${entry.className}, which its routers in the field live by; put spec.className back, or create another TenantTunnel.`,
  };
}
