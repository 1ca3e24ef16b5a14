import { isNetwork, type RememberedTunnel, type TunnelEntry } from '../allocation/index.ts';
import { isSubnet6, type TenantTunnel } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { type Refusal, tenantOf } from './find-tunnel.ts';
import type { World } from './world.ts';

/** What a TenantTunnel's status says that it was given; nothing where somebody has written nonsense there. */
export function rememberedTunnel(tunnel: TenantTunnel): RememberedTunnel | undefined {
  const { index, subnet, subnet6, listenPort, publicKey } = tunnel.status ?? {};
  if (index === undefined || subnet === undefined || listenPort === undefined) return undefined;
  if (publicKey === undefined || !isNetwork(subnet)) return undefined;
  const numbers = { index, subnet, listenPort, ...(isSubnet6(subnet6) && { subnet6 }) };
  return { owner: keyOf(tunnel), className: tunnel.spec.className ?? '', ...numbers };
}

/** What is worth saying of a tunnel that was given another key. */
export function keyLoss({ keyLostAt, index, subnet, listenPort }: TunnelEntry): Refusal | undefined {
  if (keyLostAt === undefined) return undefined;
  return {
    reason: 'KeyLost',
    message: `wg${index} with ${subnet} on port ${listenPort}. Its key was lost with the ledger, so it was given another on ${keyLostAt.slice(0, 10)}: each router that was set up before has to be given its new script.`,
  };
}

/** What the statuses of all others say, of which the ledger has no record: nothing of it is to be given to this one. */
export function lostTunnels({ caches, ledger }: World, tunnel: TenantTunnel): RememberedTunnel[] {
  const own = keyOf(tunnel);
  return caches.tunnels
    .list()
    .filter(
      (other) => other.status?.index !== undefined && ledger.tunnelOfTenant(tenantOf(other)) === undefined,
    )
    .filter((other) => keyOf(other) !== own)
    .flatMap((other) => rememberedTunnel(other) ?? []);
}
