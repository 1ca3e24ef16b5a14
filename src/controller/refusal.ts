import { AllocationError, type AllocationErrorCode } from '../allocation/index.ts';
import type { ConditionReason } from '../api/index.ts';
import type { Refusal } from './find-tunnel.ts';

/** An allocation that cannot be had, as the reason of a condition. What is missing here is a fault, to be retried. */
const REASONS: Partial<Record<AllocationErrorCode, ConditionReason>> = {
  PoolExhausted: 'PoolExhausted',
  PortsExhausted: 'PoolExhausted',
  AddressPoolExhausted: 'AddressPoolExhausted',
  SubnetOutsidePool: 'SubnetOutsidePool',
  SubnetTaken: 'SubnetTaken',
  PortOutsideRange: 'PortOutsideRange',
  PortTaken: 'PortTaken',
  TenantTaken: 'TenantTaken',
  AddressOutsidePool: 'AddressOutsidePool',
  AddressTaken: 'AddressTaken',
  KeyTaken: 'KeyTaken',
  LedgerUnreadable: 'LedgerUnreadable',
  InvalidPool: 'InvalidPool',
};

export function refusalOf(error: unknown, kind: 'Router' | 'TenantTunnel'): Refusal | undefined {
  if (!(error instanceof AllocationError)) return undefined;
  const { code, message } = error;
  const reason =
    code === 'PinChanged' ? (kind === 'Router' ? 'AddressChanged' : 'PinChanged') : REASONS[code];
  return reason === undefined ? undefined : { reason, message };
}
