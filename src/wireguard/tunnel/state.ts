import { addresses6Of, subnetsOf } from '../addresses.ts';
import type { DeviceState, Peers } from '../device/device.ts';
import { publicKeyOf } from '../keys.ts';
import type { TunnelState } from '../protocol.ts';
import { renderFirewall } from './firewall.ts';
import { routesOf, toSettings } from './peers.ts';
import type { ServicePorts } from './service-rules.ts';

/** A tunnel as it should be, with all that follows from its {@link TunnelState}. */
export interface DesiredTunnel {
  interfaceName: string;
  privateKey: string;
  publicKey: string;
  listenPort: number;
  addresses: readonly string[];
  mtu: number;
  peers: Peers;
  /** Networks behind routers, outside of the tunnel's subnets. */
  routes: readonly string[];
  /** The nft table. */
  firewall: string;
}

/** Where the interface stands: on its way in the node's namespace, or in its own. */
export type Place = 'absent' | 'staged' | 'placed';

/** A tunnel as it was found, which may be any half of one. */
export interface ObservedTunnel {
  /** `broken`: the file that names it is there and no namespace behind it, as a kill between the two leaves it. */
  namespace: 'absent' | 'broken' | 'present';
  /** Paths under /proc/sys and their values; null where the kernel has no such setting. */
  settings: Readonly<Record<string, string | null>>;
  loopbackUp: boolean;
  firewall: string | null;
  place: Place;
  /** The process of userspace WireGuard; `dead` is a control socket that nobody answers. */
  process: 'none' | 'running' | 'dead';
  /** Kernel WireGuard, a tun device with wireguard-go behind it, or something of another kind. */
  kind: 'wireguard' | 'tun' | 'other' | null;
  /** Somebody else's WireGuard goes by this name on the node. */
  taken: boolean;
  mtu: number;
  up: boolean;
  addresses: readonly string[];
  routes: readonly string[];
  device: DeviceState | null;
  /** UDP ports in use in the node's namespace, this tunnel's included. */
  usedPorts: ReadonlySet<number>;
  /** The kernel was booted without IPv6. */
  lacksIPv6?: boolean;
}

/** What the rules of a tunnel follow from, beside the ports of its services. */
export type Shape = Pick<TunnelState, 'interfaceName' | 'addresses' | 'mtu' | 'routerToRouter'>;

export const shapeOf = ({ interfaceName, addresses, mtu, routerToRouter }: TunnelState): Shape => ({
  interfaceName,
  addresses,
  mtu,
  ...(routerToRouter === undefined ? {} : { routerToRouter }),
});

export function firewallOf(shape: Shape, services?: ServicePorts): string {
  const { interfaceName, mtu, routerToRouter = 'Allow' } = shape;
  return renderFirewall({
    interfaceName,
    addresses: subnetsOf(shape.addresses),
    addresses6: addresses6Of(shape.addresses),
    routerToRouter,
    mtu,
    services,
  });
}

/** `services`: the ports that are open by then. */
export function desiredOf(state: TunnelState, services?: ServicePorts): DesiredTunnel {
  const subnets = subnetsOf(state.addresses);
  const { interfaceName, privateKey, listenPort, addresses, mtu } = state;
  return {
    interfaceName,
    privateKey,
    publicKey: publicKeyOf(privateKey),
    listenPort,
    addresses,
    mtu,
    peers: new Map(state.peers.map((peer) => [peer.publicKey, toSettings(peer)])),
    routes: routesOf(
      state.peers.flatMap((peer) => peer.allowedIPs),
      subnets,
    ),
    firewall: firewallOf(state, services),
  };
}
