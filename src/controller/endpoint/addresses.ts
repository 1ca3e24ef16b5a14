import { isIP } from 'node:net';
import type { Node } from '../../kube/index.ts';

type AddressType = 'ExternalIP' | 'InternalIP';

export interface NodeAddresses {
  type: AddressType;
  /** One of each family, IPv4 first. */
  addresses: string[];
}

/** Where a node is reached from outside of its network; where it has no such address, from inside. */
export function outerAddresses(node: Node | undefined): NodeAddresses | undefined {
  const found = (['ExternalIP', 'InternalIP'] as const).map((type) => ({
    type,
    addresses: addressesOf(node, type),
  }));
  return found.find(({ addresses }) => addresses.length > 0);
}

/** Where load balancers and other nodes reach a node. */
export const innerAddresses = (node: Node | undefined): string[] => addressesOf(node, 'InternalIP');

function addressesOf(node: Node | undefined, type: AddressType): string[] {
  const all = (node?.status?.addresses ?? []).filter((one) => one.type === type);
  return [4, 6].flatMap((family) => all.find(({ address }) => isIP(address) === family)?.address ?? []);
}
