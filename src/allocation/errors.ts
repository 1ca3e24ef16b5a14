/** Why an allocation was refused, or the ledger could not be used; `code` is stable, the message one sentence. */
export type AllocationErrorCode =
  | 'PoolExhausted'
  | 'AddressPoolExhausted'
  | 'SubnetOutsidePool'
  | 'SubnetTaken'
  | 'PortOutsideRange'
  | 'PortTaken'
  | 'PortsExhausted'
  | 'TenantTaken'
  | 'PinChanged'
  | 'AddressOutsidePool'
  | 'AddressTaken'
  | 'KeyTaken'
  | 'LedgerUnreadable'
  | 'LedgerUnavailable'
  | 'InvalidPool';

export class AllocationError extends Error {
  readonly code: AllocationErrorCode;
  constructor(code: AllocationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AllocationError';
    this.code = code;
  }
}
