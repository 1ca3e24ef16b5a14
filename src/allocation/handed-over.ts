import type { Credentials } from './claim-address.ts';
import type { TunnelEntry } from './tunnel-entry.ts';

/**
 * What the gateways were given: a second copy of what the ledger has, but for routers' private keys. Each part says at
 * which revision of the ledger's object it was made, so that a ledger which is older, out of a backup, is known as such.
 * Parts are read only when they are asked for.
 */
export interface HandedTunnel {
  readonly index: number;
  readonly revision: number | undefined;
  /** Without the private key where that is missing, or is not the public key's. Undefined: it cannot be read. */
  readonly record: () => (Omit<TunnelEntry, 'privateKey'> & { privateKey?: string }) | undefined;
  readonly blocks: readonly HandedBlock[];
}

export interface HandedBlock {
  readonly number: number;
  readonly revision: number | undefined;
  readonly routers: () => readonly HandedRouter[];
}

export interface HandedRouter {
  /** `namespace/name` of the Router. */
  readonly owner: string;
  readonly address: string;
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** A key that it may come with at any time. */
  readonly nextPublicKey?: string;
  /** It has made its key itself. */
  readonly isOwnKey?: true;
  readonly access?: Credentials;
}
