/**
 * What the agent and the sidecar say to each other: HTTP/1.1 with JSON over a Unix socket, so that a person can
 * ask as well (`curl --unix-socket SOCKET http://sidecar/v1/tunnels`). docs/protocol.md has the table.
 */
export const PROTOCOL_VERSION = 1;

/** Most bytes of one request body: 65,000 peers with two allowed IPs and a pre-shared key fit three times. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** Most characters of one reply that is read whole: `wg show` of 65,000 peers takes some 20 million. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** One peer of a tunnel, as both the rendered configuration and the protocol have it. */
export interface Peer {
  /** Curve25519 public key, base64, 44 characters. */
  publicKey: string;
  /** CIDRs, e.g. `10.100.1.1/32`; normalised, sorted. */
  allowedIPs: string[];
  /** Pre-shared key, base64; absent when the tunnel's class asks for none. */
  presharedKey?: string;
}

/** Whether routers of one tunnel, and the networks behind them, reach each other through the server. */
export type RouterToRouter = 'Allow' | 'Deny';

/** `PUT /v1/tunnels/{interfaceName}`: the whole desired state of one tunnel. */
export interface TunnelState {
  /** `wg0` … ; also names the network namespace. */
  interfaceName: string;
  /** The server's private key, base64. Never echoed by any response, never logged. */
  privateKey: string;
  /** UDP port on the node. */
  listenPort: number;
  /** The server's addresses inside the tunnel with the subnet's length, e.g. `10.100.0.1/16`. */
  addresses: string[];
  mtu: number;
  /** Absent: Allow. */
  routerToRouter?: RouterToRouter;
  peers: Peer[];
  /** Where its peers were seen on the node that had the tunnel before; for an interface that is made anew. */
  seen?: Seen;
}

/** Where peers were last seen, as somebody else knows it. */
export interface Seen {
  /** Unix seconds of when that was true. */
  at: number;
  /** Public key → endpoint, `address:port`, and Unix seconds of the last handshake. */
  peers: Record<string, [endpoint: string, lastHandshake: number]>;
}

/** `PUT /v1/hold`: whether the node's tunnels may speak. Each replaces the one before, and the kernel keeps the time. */
export interface Hold {
  /** All of them fall silent so many seconds from now, unless this is said again; null: they never do. */
  seconds: number | null;
  /** Interface names of tunnels that are silent from now on, since another node has them. */
  fenced: string[];
}

/** One port of the server's address inside a tunnel, and where it is answered. */
export interface Service {
  protocol: 'UDP' | 'TCP';
  port: number;
  /**
   * `address:port` or `[address]:port`, reached from the node. Absent while they are not known: those that the service
   * has stay.
   */
  endpoints?: string[];
  /** Whether endpoints are told who asks, by PROXY protocol version 2. Absent: they are not. */
  proxyProtocol?: boolean;
}

/** `PUT /v1/tunnels/{interfaceName}/services`: all that the tunnel's routers may reach. */
export interface ServicesState {
  services: Service[];
  /** Datagrams that one router may send to services, a second; twice as many in a burst. Absent: 200. */
  packetsPerSecond?: number;
}

/** A service that could not be opened; the others were. */
export interface ServiceProblem {
  protocol: 'UDP' | 'TCP';
  port: number;
  message: string;
}

/** `PATCH /v1/tunnels/{interfaceName}/peers`: a change to a tunnel that the sidecar already holds (404 if not). */
export interface PeerChange {
  /** Peers to add or to bring to this state. */
  set: Peer[];
  /** Public keys of peers to take away. */
  remove: string[];
}

/** What `PUT`, `PATCH` and `DELETE` answer: what was changed, in words for a log line; empty when nothing was. */
export interface Applied {
  changes: string[];
}

/** What `PUT …/services` answers. */
export interface ServicesApplied extends Applied {
  problems: ServiceProblem[];
}

/** `GET /v1/tunnels`: what exists on this node under our names, whoever made it. */
export interface TunnelList {
  tunnels: { interfaceName: string; listenPort: number | null; peers: number }[];
}

/**
 * One line (NDJSON) of `GET /v1/tunnels/{interfaceName}/peers`; with `?since=UNIX_SECONDS` only of peers whose last
 * handshake is not older, so that asking often stays cheap.
 */
export interface PeerObservation {
  publicKey: string;
  /** Unix time of the last handshake in seconds; 0 before the first. */
  lastHandshake: number;
  /** Bytes received from and sent to the peer since the interface was made. */
  rx: number;
  tx: number;
  /** `address:port` last seen; null before the first packet. */
  endpoint: string | null;
}

/**
 * A peer whose handshakes arrive and are refused, in `GET /v1/refused`: it begins one after the other, each made anew,
 * and nothing else is received from it. WireGuard takes only a handshake whose time is later than all before.
 */
export interface RefusedPeer {
  interfaceName: string;
  publicKey: string;
  /** What its clock said at its last attempt, Unix seconds; anything, as a router says it. */
  clock: number;
  /** Handshakes that it began since it was first noticed; 2 or more. */
  attempts: number;
  /** For so long nothing else is known to have come from it, ms. */
  quietMs: number;
  /** Since its last attempt, ms. */
  agoMs: number;
}

/** `GET /v1/refused`: of all tunnels. */
export interface RefusedPeers {
  refused: RefusedPeer[];
}

/** Somebody who began a handshake from where none came for minutes. Whether it is let in is another matter. */
export interface Arrival {
  interfaceName: string;
  /** Who it is; null where so many came that there was no time to find out. */
  publicKey: string | null;
}

/**
 * `GET /v1/arrivals?after=SEQUENCE`: who came since then, answered as soon as there is somebody, at the latest after
 * 20 s: a hint that it is worth looking.
 */
export interface Arrivals {
  /** For the next `after`. */
  sequence: number;
  arrivals: Arrival[];
  /** False where the sidecar cannot listen, and nothing will come. */
  listening: boolean;
}

/** `POST /v1/tunnels/{interfaceName}/call`: to speak first to a peer that is refused. */
export interface PeerCall {
  publicKey: string;
}

/** `GET /v1/version`: answered by a standby as well. */
export interface SidecarVersion {
  protocol: number;
  /** `standby`: another sidecar has this node, so that all other requests are refused with `Standby` until it ends. */
  state: 'active' | 'standby';
  /** What tunnels are made of; null for a standby, which has not looked, and on a node that has neither. */
  implementation: 'kernel' | 'wireguard-go' | null;
  /** Why an active sidecar can make no tunnel on this node, and what to do, in one sentence; null where it can. */
  problem: string | null;
  /** How often WireGuard of a tunnel has ended by itself since this sidecar has the node: that tunnel is to be PUT. */
  lost: number;
}

/** Body of every response with a status of 400 and above. */
export interface SidecarErrorBody {
  /** Stable: one of `SidecarErrorCode`. */
  code: string;
  /** One sentence: what is wrong, where, and what to do. Holds no secret. */
  message: string;
}
