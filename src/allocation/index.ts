export type { AddressEntry } from './block.ts';
export type { AddressRequest, Credentials } from './claim-address.ts';
export { AllocationError, type AllocationErrorCode } from './errors.ts';
export { BLOCK_ADDRESSES, serverAddress } from './geometry.ts';
export { formatAddress, formatNetwork, type Network, parseAddress, parseNetwork } from './ipv4.ts';
export { type AddressClaim, Ledger, parseBlockName } from './ledger.ts';
export { type Pools, parsePools, subnetCount } from './pools.ts';
export { type LedgerStore, type StoredObject, VersionConflict } from './store.ts';
export { interfaceNameOf, isLive, type TunnelEntry } from './tunnels.ts';
