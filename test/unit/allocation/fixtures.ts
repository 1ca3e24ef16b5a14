import { type AddressRequest, Ledger, type LedgerStore, parsePools } from '../../../src/allocation/index.ts';
import { DEFAULT_POOLS } from '../../../src/api/index.ts';

let serial = 0;
/** Distinct texts of the form of a WireGuard key; nothing here computes with them. */
export const key = (): string => `${Buffer.from(`key ${++serial}`).toString('base64url').padEnd(42, 'A')}A=`;
const plain = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');

export const keyPair = () => ({ privateKey: plain(key()), publicKey: plain(key()) });

export const ledgerOver = (
  store: LedgerStore,
  now: () => Date = () => new Date('2026-01-01T00:00:00Z'),
): Ledger => new Ledger({ store, now, sleep: () => Promise.resolve(), random: () => 0.5 });

export const tunnelRequest = (tenant: string, extra: Partial<Parameters<Ledger['claimTunnel']>[0]> = {}) => ({
  tenant,
  owner: `${tenant}/${tenant}`,
  className: 'standard',
  pools: () => parsePools(DEFAULT_POOLS),
  ports: { first: 51_820, last: 65_535 },
  pins: {},
  newKeyPair: keyPair,
  ownerKeeps: () => true,
  ...extra,
});

export const addressRequest = (
  tunnel: number,
  owner: string,
  extra: Partial<AddressRequest> = {},
): AddressRequest => ({
  tunnel,
  owner,
  quarantineSeconds: 86_400,
  newKeyPair: keyPair,
  newAccess: () => ({
    user: 'tenant-tunnel',
    password: `password of ${owner}`,
    apiPort: 8728,
    next: `next password of ${owner}`,
    due: true,
  }),
  newPassword: () => `another password of ${owner}`,
  ...extra,
});
