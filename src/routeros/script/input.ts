/** All that a router's script says. Text is taken as it is: {@link quote} makes any of it harmless. */
export interface ScriptInput {
  /** The Router object, for the script's head and its last line. */
  router: { namespace: string; name: string };
  /** What the router is to call itself; the Router's CRD holds its limits. */
  identity: string;
  tenant: string;
  /** The router's IPv4 address in the tunnel, without length, e.g. `10.100.1.1`. */
  address: string;
  /** Of the tunnel's subnet, e.g. 16. */
  prefixLength: number;
  /** IPv6 inside of the tunnel: the router's address, without length, and the /64 that it lies in. Absent: there is none. */
  ipv6?: { address: string; subnet: string };
  /** Bytes. */
  mtu: number;
  /** WireGuard private key, base64. Absent: the router has its own key, which the script never makes or changes. */
  privateKey?: string;
  /** With a key of the router's own: the public key it must belong to, base64; the script checks it. */
  publicKey?: string;
  server: {
    publicKey: string;
    presharedKey?: string;
    /** DNS name, IPv4 or IPv6 address (with or without brackets). */
    endpointHost: string;
    endpointPort: number;
    /** The server's IPv4 address in the tunnel, without length, e.g. `10.100.0.1`. */
    address: string;
  };
  /** 0: off. */
  persistentKeepaliveSeconds: number;
  management: { user: string; password: string; apiPort: number };
  /** Networks behind the router that the tunnel reaches, as CIDRs: shown in the head, nothing to set for them. */
  routerSubnets?: readonly string[];
}

/** What all routers of a tunnel are told alike. */
export interface SharedInput {
  server: Pick<ScriptInput['server'], 'address' | 'endpointHost' | 'endpointPort'>;
  management: Pick<ScriptInput['management'], 'apiPort'>;
}
