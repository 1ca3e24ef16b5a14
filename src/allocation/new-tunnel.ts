import { assertPortOfClass, choosePort } from './choose-port.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { withSubnet6 } from './dual-stack.ts';
import { AllocationError } from './errors.ts';
import { formatNetwork } from './ipv4.ts';
import type { RememberedTunnel, TunnelEntry, Tunnels } from './tunnel-entry.ts';
import type { TunnelRequest } from './tunnels.ts';

/**
 * A tunnel for a tenant that has none: of the lowest free index with the port and subnet that belong to it, or of the
 * numbers that it had before its record was lost, as far as they are free. Throws {@link AllocationError}.
 */
export function newTunnel(tunnels: Tunnels, request: TunnelRequest, now: Date): TunnelEntry {
  const { tenant, owner, className, remembered, reserved = [], isWritten } = request;
  // First what no other tunnel can change: why a manifest is refused must not depend on who was faster.
  assertPortOfClass(request);
  const taken = [...tunnels.values(), ...reserved.map(asEntry)];
  const indices = new Set(taken.map((entry) => entry.index));
  const isFree = (i: number): boolean => !indices.has(i) && !request.isIndexBlocked(i);
  const index = remembered !== undefined && isFree(remembered.index) ? remembered.index : lowestFree(isFree);
  const subnet = preferring(request, 'subnet', (wanted) => chooseSubnet(taken, wanted, index));
  const listenPort = preferring(request, 'listenPort', (wanted) => choosePort(taken, wanted, index));
  const entry: TunnelEntry = {
    index,
    tenant,
    owner,
    className,
    subnet: formatNetwork(subnet),
    listenPort,
    ...request.newKeyPair(),
    ...(isWritten && { isWritten: true }),
    ...(remembered && { keyLostAt: now.toISOString() }),
  };
  return withSubnet6(taken, entry, request, now);
}

/** What the tunnel had, as if it were pinned; and where that cannot be, whatever it gets without. */
function preferring<R>(
  request: TunnelRequest,
  field: 'subnet' | 'listenPort',
  choose: (request: TunnelRequest) => R,
): R {
  const { remembered, pins } = request;
  if (remembered === undefined || pins[field] !== undefined) return choose(request);
  try {
    return choose({ ...request, pins: { ...pins, [field]: remembered[field] } });
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    return choose(request);
  }
}

const asEntry = (remembered: RememberedTunnel): TunnelEntry => ({
  ...remembered,
  tenant: '',
  privateKey: '',
  publicKey: '',
});

function lowestFree(isFree: (n: number) => boolean): number {
  let n = 0;
  while (!isFree(n)) n++;
  return n;
}
