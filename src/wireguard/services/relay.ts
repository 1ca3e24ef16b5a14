/** What listens on one port of a tunnel's server address. */
export interface Relay {
  /** Whether endpoints are told first who asks. For what is begun from now on. */
  proxyProtocol: boolean;
  /** Its endpoints have changed. */
  update(): void;
  /** Ends it and all that goes through it. */
  close(): void;
}
