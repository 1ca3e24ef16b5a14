import { RouterOsTrap } from './trap.ts';
import type {
  Change,
  InterfaceFacts,
  Lease,
  PeerFacts,
  Reply,
  Request,
  RouterOsOptions,
  Row,
  ServiceConnection,
  Session,
  Snapshot,
  Terminal,
} from './types.ts';

/** A RouterOS 7 router without hardware: configuration, console and API semantics. Does no I/O. */
export class RouterOs {
  readonly options: RouterOsOptions;

  constructor(options: RouterOsOptions) {
    this.options = options;
  }

  /** Runs one command as the API does. @throws {RouterOsTrap} */
  execute(_request: Request): Reply {
    throw new RouterOsTrap('being written');
  }

  /** A console session of `user` (default `admin`). */
  terminal(_user = 'admin'): Terminal {
    throw new RouterOsTrap('being written');
  }

  /** @throws {RouterOsTrap} `invalid user name or password (6)`, whatever the reason. */
  authenticate(_user: string, _password: string, _sourceAddress: string): Session {
    throw new RouterOsTrap('being written');
  }

  /** Calls `listener` after each change; returns what ends that. */
  onChange(_listener: (change: Change) => void): () => void {
    throw new RouterOsTrap('being written');
  }

  /** All rows of a menu, in order, secrets in clear; a singleton menu has one. */
  rows(_menu: string): readonly Row[] {
    throw new RouterOsTrap('being written');
  }

  observePeer(_id: string, _facts: PeerFacts): void {
    throw new RouterOsTrap('being written');
  }

  observeInterface(_name: string, _facts: InterfaceFacts): void {
    throw new RouterOsTrap('being written');
  }

  /** The DHCP client of `interfaceName` got (or lost) a lease. */
  observeLease(_interfaceName: string, _lease: Lease | undefined): void {
    throw new RouterOsTrap('being written');
  }

  /** Connections now open to the router's services. */
  observeConnections(_connections: readonly ServiceConnection[]): void {
    throw new RouterOsTrap('being written');
  }

  /** The power came back: run-time facts are gone, configuration stays. */
  restarted(): void {
    throw new RouterOsTrap('being written');
  }

  snapshot(): Snapshot {
    throw new RouterOsTrap('being written');
  }
}
