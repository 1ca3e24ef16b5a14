import type { PeerObservation } from '../protocol.ts';

/** Keepalive of a peer that is called: what keeps the shortest-lived of common NATs open, as its own would be. */
export const CALL_SECONDS = 25;

/** What a peer is configured to, without its name. */
export interface PeerSettings {
  /** Base64; absent where there is none. */
  presharedKey?: string;
  /** CIDRs in no particular order. */
  allowedIPs: readonly string[];
}

/** Public key → settings. */
export type Peers = ReadonlyMap<string, PeerSettings>;

/** What a WireGuard device is configured to. */
export interface DeviceState {
  /** Of the private key that it has; null before it has one. */
  publicKey: string | null;
  /** UDP port; 0 or null before one is set. */
  listenPort: number | null;
  peers: Map<string, PeerSettings>;
}

/** A change that leaves everything alone that it does not name. Removals come first. */
export interface DeviceChange {
  privateKey?: string;
  listenPort?: number;
  /** Public keys. */
  remove: readonly string[];
  /** Peers with all of their settings: allowed IPs replace those they had, an absent pre-shared key takes it away. */
  set: Peers;
  /** Public key → where such a peer was last seen, for those of `set` of whom the device knows nothing. */
  endpoints?: ReadonlyMap<string, string>;
}

/** One WireGuard interface, whoever implements it. Throws `DeviceFailed`, `DeviceTimeout` or `CommandFailed`. */
export interface Device {
  read(): Promise<DeviceState>;
  apply(change: DeviceChange): Promise<void>;
  /**
   * Speaks to these peers first. The protocol has no word for it, but both implementations send a keepalive, and the
   * handshake that it takes, at the moment at which persistent keepalive is turned on on an interface that is up
   * (wireguard-go device/uapi.go, Linux drivers/net/wireguard/netlink.c); it is turned off again at once.
   */
  greet(publicKeys: readonly string[]): Promise<void>;
  /**
   * Speaks to a peer first, at this endpoint, and goes on so: whoever began a session has to renew it, and does so
   * only while it has something to send.
   */
  call(publicKey: string, endpoint: string): Promise<void>;
  /** No longer speaks to it unasked. */
  hush(publicKey: string): Promise<void>;
  /** What is known of each peer now, as it is read. */
  observe(): AsyncIterable<PeerObservation>;
}
