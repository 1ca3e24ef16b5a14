import type { ProfileRef } from './profiles/select.ts';
import type { MaintenanceWindow } from './v1alpha1/rollout.ts';

/**
 * What the controller leaves in the gateways' namespace for the agents: names, labels and keys of those objects.
 * The agents' role covers this namespace alone; the ledger (routers' private keys) is in another.
 *
 * - ConfigMap `tunnel-N`           {@link TUNNEL_KEY}: {@link TunnelHandover} as JSON
 * - ConfigMap `tunnel-N-peers-B`   {@link PEERS_KEY}: WireGuard `[Peer]` sections, B = block of 256 addresses
 * - Secret    `tunnel-N`           {@link PRIVATE_KEY}: the server's private key, base64 as WireGuard has it
 * - Secret    `tunnel-N-access-B`  one key an address, value {@link RouterAccess} as JSON
 */
export const LABEL_GATEWAY = 'vpn.traidnet.io/gateway';
export const LABEL_TUNNEL = 'vpn.traidnet.io/tunnel-index';
/** `tunnel`, `peers`, `key` or `access`; `values` of a copy of Secrets' values (profiles/values.ts). */
export const LABEL_PART = 'vpn.traidnet.io/part';

/** On a gateway's Lease: how many tunnels its node carries, those that are being removed among them. */
export const ANNOTATION_TUNNELS = 'vpn.traidnet.io/tunnels';
/** On a gateway's Lease: why its node can carry no tunnel, in one sentence; absent when it can. */
export const ANNOTATION_PROBLEM = 'vpn.traidnet.io/problem';
/** On a gateway's Lease: in one sentence, by how much its node's clock is wrong; absent while it is right. */
export const ANNOTATION_CLOCK = 'vpn.traidnet.io/clock';
/** On a gateway's Lease: where its relay is reached by the others, e.g. `http://10.244.1.5:3128`; absent without one. */
export const ANNOTATION_RELAY = 'vpn.traidnet.io/relay';
/**
 * On a gateway's Lease: seconds after which its node falls silent when the Lease is not renewed, less than the Lease
 * holds; absent while it goes on whatever happens. Only what falls silent may be given to another node unasked.
 */
export const ANNOTATION_FENCE = 'vpn.traidnet.io/fenced-after';
/** On a gateway's Lease: `address:port` where the other gateways' agents may ask this one. */
export const ANNOTATION_PEER = 'vpn.traidnet.io/peer-address';

/**
 * On the ConfigMap of a tunnel: when it was placed on its node, ms since 1970, growing with each move. Of two nodes that
 * both think a tunnel theirs, the later placement is right.
 */
export const ANNOTATION_PLACED = 'vpn.traidnet.io/placed';

/** What {@link ANNOTATION_PLACED} of an object says; 0 where it says nothing that reads. */
export function placementOf(
  object: { metadata: { annotations?: Record<string, string> } } | undefined,
): number {
  const text = object?.metadata.annotations?.[ANNOTATION_PLACED] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/**
 * On an object of the ledger: how often it has changed. On a ConfigMap of the handover: the same of the ledger's object
 * when it was made from that; one that says more than the ledger tells that the ledger is older, restored from a backup.
 */
export const ANNOTATION_REVISION = 'vpn.traidnet.io/revision';

/** On the ConfigMap of a tunnel: the TunnelClass that it was allocated from. */
export const ANNOTATION_CLASS = 'vpn.traidnet.io/class';

/** Key and value of {@link LABEL_PART} of the Secret `gateway-peers`: what the agents know each other by, 32 random bytes. */
export const PEER_KEY = 'key';
export const PEER_KEY_PART = 'peer-key';
export const PEER_KEY_SECRET = 'gateway-peers';

export const TUNNEL_KEY = 'tunnel.json';
export const PEERS_KEY = 'peers.conf';
export const PRIVATE_KEY = 'privateKey';

/**
 * Value of {@link LABEL_PART} of what leads routers to a tunnel: Services `tunnel-N-dns` and `tunnel-N-lb`, and the
 * EndpointSlices of the latter. They carry {@link LABEL_TUNNEL}, and agents do not read them.
 */
export const ENDPOINT_PART = 'endpoint';

export type HandoverPart = 'tunnel' | 'peers' | 'key' | 'access';

/** A service of a tunnel, as its TenantTunnel names it. */
export interface ServiceHandover {
  name: string;
  protocol: 'UDP' | 'TCP';
  /** On the server's address. */
  port: number;
  service: { namespace: string; name: string; port: number };
  proxyProtocol?: true;
  /** Why routers must not reach it, in one sentence; absent: they may. */
  refused?: string;
}

/** What routers of a tunnel may reach; nothing of it where there is none. */
export interface ServicesHandover {
  services?: ServiceHandover[];
  /** UDP packets of one router, a second. */
  servicePacketsPerSecond?: number;
}

/** What the class of a tunnel says of its routers' profiles; nothing of it where it says nothing. */
export interface ProfilesHandover {
  profiles?: {
    /** Name of the class. */
    class: string;
    /** In the order of merging. */
    profiles: ProfileRef[];
    /** When its routers may be changed, beside what each profile says. */
    windows?: MaintenanceWindow[];
    /** Routers of the tunnel that are changed at once, at most. */
    maxParallel?: number;
    paused?: true;
  };
  /** Routers are asked for their configuration so often, and it is kept; absent: they are not. */
  backup?: { everyHours: number };
}

/** What the tunnel's routers are to be changed to connect to; nothing of it where none has to be changed. */
export interface EndpointHandover {
  endpoint?: {
    /** DNS name or address, without brackets. */
    host: string;
    port: number;
  };
}

/** Whether routers of the tunnel make keys of their own; nothing of it where they do not. */
export interface KeysHandover {
  ownKeys?: true;
}

export interface TunnelHandover extends ServicesHandover, ProfilesHandover, EndpointHandover, KeysHandover {
  /** Of this format; an agent that does not know it leaves the tunnel as it is and says so. */
  formatVersion: 1;
  index: number;
  interfaceName: string;
  listenPort: number;
  /** The tunnel's subnet, e.g. `10.100.0.0/16`. */
  subnet: string;
  /** The server's address without length, e.g. `10.100.0.1`. */
  serverAddress: string;
  /**
   * The tunnel's /64; absent: it has none. Addresses in it follow from those in `subnet` (address6.ts), so that peers.conf
   * says nothing of them, and an agent that knows nothing of IPv6 reads all of this as it always has.
   */
  subnet6?: string;
  mtu: number;
  /** Whether routers reach each other; absent: they do, as before there was a choice. */
  routerToRouter?: 'Allow' | 'Deny';
  /** The server's public key: the agent holds the Secret's private key against it. */
  publicKey: string;
  tenant: string;
  tenantTunnel: { namespace: string; name: string; uid: string };
  /** Blocks that exist, ascending: peers may be pruned only when all of these have been read. */
  blocks: number[];
}

/** What the agent needs to log in to a router. */
export interface RouterAccess extends PasswordRecord {
  user: string;
  apiPort: number;
  presharedKey?: string;
  /** Public key that the router has made and may come with at any time: as good as that of its peer, until it is that. */
  nextPublicKey?: string;
  /** The router has made its key itself. */
  ownKey?: true;
}

/**
 * The password of a router and the one after it, which is made before anybody needs it: whatever cuts a change off, the
 * router has one of the two. They are numbered, so that what is said of an earlier one is not taken for a later one.
 */
export interface PasswordRecord {
  readonly password: string;
  /** The next one; absent in what an earlier version made. */
  readonly next?: string;
  /** Number of `password`; that of `next` is one more. Absent: 0. */
  readonly revision?: number;
  /** When the router was found to have another password than its script, ISO time. Absent while `password` is that. */
  readonly used?: string;
  /** The same of the last password that followed; absent before there was one. */
  readonly changed?: string;
  /** The router is to be given `next`. */
  readonly due?: true;
}

/** A peer of `peers.conf`, with the Router it belongs to (`# Router = namespace/name uid address`). */
export interface HandoverPeer {
  namespace: string;
  name: string;
  uid: string;
  /** The router's address in the tunnel, without length. */
  address: string;
  publicKey: string;
  /** CIDRs; the first is the router's own /32. */
  allowedIPs: string[];
}

export const tunnelObjectName = (index: number): string => `tunnel-${index}`;
export const peersObjectName = (index: number, block: number): string => `tunnel-${index}-peers-${block}`;
export const accessObjectName = (index: number, block: number): string => `tunnel-${index}-access-${block}`;
