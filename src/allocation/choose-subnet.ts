import { AllocationError } from './errors.ts';
import { type Network, overlaps, parseNetwork } from './ipv4.ts';
import { firstFreeSubnet, isExcluded, isSubnetOf, type Pools, subnetAt, subnetCount } from './pools.ts';
import { isLive, networkOf, type TunnelEntry } from './tunnel-entry.ts';
import type { TunnelRequest } from './tunnels.ts';

type SubnetRequest = Pick<
  TunnelRequest,
  'pools' | 'pins' | 'className' | 'unreadableIndices' | 'mayShareWith'
>;

/**
 * The subnet of a new tunnel: the one that is pinned, else the one of its number, else the first that is free. A
 * tunnel that may share its subnet has no use for one of its own number: all of its kind get the first.
 */
export function chooseSubnet(
  entries: readonly TunnelEntry[],
  request: SubnetRequest,
  index: number,
): Network {
  const { pins, className, unreadableIndices, mayShareWith } = request;
  const pools = request.pools();
  const rivals = mayShareWith === undefined ? entries : entries.filter((entry) => !mayShareWith(entry));
  if (pins.subnet !== undefined) return pinnedSubnet(pins.subnet, pools, rivals, className);
  const taken = [...rivals.map(networkOf), ...unreadableIndices.flatMap((n) => subnetAt(pools, n) ?? [])];
  const own = mayShareWith === undefined ? subnetAt(pools, index) : undefined;
  if (own !== undefined && !isExcluded(pools, own) && !taken.some((network) => overlaps(network, own))) {
    return own;
  }
  const free = firstFreeSubnet(pools, taken);
  if (free !== undefined) return free;
  throw new AllocationError(
    'PoolExhausted',
    `All ${subnetCount(pools)} subnets of class ${className} are taken or excluded; add a pool to the class, or delete tunnels that are no longer needed.`,
  );
}

function pinnedSubnet(pin: string, pools: Pools, rivals: readonly TunnelEntry[], className: string): Network {
  const subnet = parseNetwork(pin);
  if (!isSubnetOf(pools, subnet) || isExcluded(pools, subnet)) {
    throw new AllocationError(
      'SubnetOutsidePool',
      `Subnet ${pin} is none of the subnets of class ${className}; pin one of its pools' subnets, or add a pool to the class.`,
    );
  }
  const other = rivals.find((entry) => overlaps(networkOf(entry), subnet));
  if (other === undefined) return subnet;
  const state = isLive(other) ? 'belongs to' : 'is in quarantine after';
  throw new AllocationError(
    'SubnetTaken',
    `Subnet ${pin} ${state} tunnel ${other.owner} (${other.subnet}); pin another one.`,
  );
}
