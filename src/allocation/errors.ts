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

/** A ledger object of a form that only a later version of this program knows. */
export class NewerFormat extends AllocationError {
  constructor(format: string, known: number) {
    super('LedgerUnreadable', `format ${format}, this one knows ${known}`);
    this.name = 'NewerFormat';
  }
}

/** Why a tunnel is left as it is: `error` is what came of reading the ledger Secret, or the part of it, `where`. */
export const unreadableMessage = (where: string, error: Error): string =>
  error instanceof NewerFormat
    ? `The ledger Secret ${where} was written by a newer version of the operator (${error.message}): run that version again; until then this tunnel is left as it is.`
    : `The ledger Secret ${where} cannot be read (${error.message}); restore it from a backup. Until then this tunnel is left as it is.`;
