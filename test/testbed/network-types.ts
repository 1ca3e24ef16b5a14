/** The shapes of a test network: an internet of its own in network namespaces, with documentation addresses. */

/** What a link does to packets; each call replaces what the last one said. */
export interface Link {
  /** Packets lost in each direction, 0–100; default 0. */
  lossPercent?: number;
  /** Milliseconds that each packet takes in each direction; default 0. */
  delayMs?: number;
  /** `false`: the cable is out; default `true`. */
  up?: boolean;
}

/** A host on the test internet, at its interface `ether1`: the only one beside `lo`, with the default route. */
export interface NetworkHost {
  readonly name: string;
  /** Name of its network namespace: `/run/netns/<netns>` of the process that made the network. */
  readonly netns: string;
  /** IPv4 address of `ether1`, without length. */
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly interfaceName: 'ether1';
  /** Has `cleanup` run at the beginning of {@link NetworkHost.detach}, also when the whole network goes. */
  onDetach(cleanup: () => Promise<void>): void;
  /** Ends every process in the namespace and removes it, with its links. Idempotent. */
  detach(): Promise<void>;
}

/** A host that reaches the internet through a masquerading router of its own, as behind a home connection. */
export interface NattedHost extends NetworkHost {
  /** The address that the internet sees now. */
  readonly publicAddress: string;
  /** Namespace of the NAT router. */
  readonly natNetns: string;
  /** Moves the NAT router to another public address; its old state is gone, as after a reconnect. Returns it. */
  renumber(address?: string): Promise<string>;
  setLink(link: Link): Promise<void>;
}

export interface TestNetwork {
  /** Unique among all processes of the machine. */
  readonly name: string;
  /** The simulated DNS: host name (lower case) → IPv4 address. Anyone may write to it. */
  readonly hosts: Map<string, string>;
  /** A host with an address of 198.51.100.0/24. */
  attach(name: string): Promise<NetworkHost>;
  /**
   * The same for a machine that is there and has a network: this is one more, where the test internet is. Its namespace
   * gets a name, which detach() takes away.
   *
   * @param pid a process of the machine
   * @param address that it had before
   */
  attachMachine(name: string, pid: number, address?: string): Promise<NetworkHost>;
  /** A host with a private address behind a NAT router with a public one of 203.0.113.0/24, then 198.18.0.0/15. */
  attachBehindNat(name: string): Promise<NattedHost>;
  /** Ends and removes everything that it made. Idempotent. */
  destroy(): Promise<void>;
}
