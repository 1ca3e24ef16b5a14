export { parseBlockName } from './address-blocks.ts';
export type { AddressClaim } from './address-claims.ts';
export type { AddressUse } from './address-use.ts';
export type { AddressEntry, Recovered } from './block.ts';
export { type AddressRequest, type Credentials, keyTaken } from './claim-address.ts';
export { type ClassUse, freeTunnels, type PoolUse, type PortUse, useOfClass } from './class-use.ts';
export { REVISION_KEY } from './codec.ts';
export { inOrder, isShown } from './credentials.ts';
export { holderOfSubnet6, isSetUpWithout6, routerAddress6, serverAddress6 } from './dual-stack.ts';
export { AllocationError, type AllocationErrorCode } from './errors.ts';
export { BLOCK_ADDRESSES, serverAddress } from './geometry.ts';
export type { HandedBlock, HandedRouter, HandedTunnel } from './handed-over.ts';
export {
  contains,
  formatAddress,
  formatNetwork,
  isNetwork,
  type Network,
  overlaps,
  parseAddress,
  parseNetwork,
  sizeOf,
} from './ipv4.ts';
export { isLedgerName, Ledger } from './ledger.ts';
export { isNewsOfKey, type MadeKey } from './made-key.ts';
export {
  formatNetwork6,
  isSubnet6Of,
  network6,
  overlaps6,
  type Pool6,
  parsePool6,
} from './pool6.ts';
export {
  isExcluded,
  isSubnetOf,
  type Pools,
  parsePools,
  reaches,
  subnetCount,
} from './pools.ts';
export { nearlyAll, type Pressure, pressureOf } from './pressure.ts';
export type { Recovery } from './recovery.ts';
export type { Remembered } from './remembered.ts';
export { type LedgerStore, type StoredObject, VersionConflict } from './store.ts';
export {
  interfaceNameOf,
  isLive,
  networkOf,
  type RememberedTunnel,
  type TunnelEntry,
} from './tunnel-entry.ts';
