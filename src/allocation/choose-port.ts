import { AllocationError } from './errors.ts';
import { isLive, type TunnelEntry } from './tunnel-entry.ts';
import type { TunnelRequest } from './tunnels.ts';

type PortRequest = Pick<TunnelRequest, 'ports' | 'pins' | 'className' | 'unreadableIndices'>;

/** Throws for a pin that the class could give to nobody, whatever is taken. */
export function assertPortOfClass({ ports, pins, className }: PortRequest): void {
  const { listenPort } = pins;
  if (listenPort === undefined || (ports.first <= listenPort && listenPort <= ports.last)) return;
  throw new AllocationError(
    'PortOutsideRange',
    `Port ${listenPort} is outside of class ${className}'s range ${ports.first}–${ports.last}; pin one inside, or widen the range.`,
  );
}

/** The UDP port of a new tunnel: the one that is pinned, else the one of its number, else the first that is free. */
export function choosePort(taken: readonly TunnelEntry[], request: PortRequest, index: number): number {
  assertPortOfClass(request);
  const { ports, pins, className, unreadableIndices } = request;
  const holders = new Map(taken.map((entry) => [entry.listenPort, entry]));
  const { first, last } = ports;
  if (pins.listenPort !== undefined) {
    const other = holders.get(pins.listenPort);
    if (other !== undefined) {
      const state = isLive(other) ? 'belongs to' : 'is in quarantine after';
      throw new AllocationError(
        'PortTaken',
        `Port ${pins.listenPort} ${state} tunnel ${other.owner}; pin another one.`,
      );
    }
    return pins.listenPort;
  }
  const isFree = (port: number): boolean => !holders.has(port) && !unreadableIndices.includes(port - first);
  if (first + index <= last && isFree(first + index)) return first + index;
  for (let port = first; port <= last; port++) if (isFree(port)) return port;
  throw new AllocationError(
    'PortsExhausted',
    `All ports ${first}–${last} of class ${className} are taken; widen spec.ports of the class, or delete tunnels that are no longer needed.`,
  );
}
