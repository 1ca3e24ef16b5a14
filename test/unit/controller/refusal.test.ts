import { AllocationError } from '../../../src/allocation/index.ts';
import { refusalOf } from '../../../src/controller/refusal.ts';

test.each([
  ['KeyTaken', 'Router', 'KeyTaken'],
  ['PortsExhausted', 'TenantTunnel', 'PoolExhausted'],
  ['PinChanged', 'Router', 'AddressChanged'],
  ['PinChanged', 'TenantTunnel', 'PinChanged'],
  ['LedgerUnreadable', 'Router', 'LedgerUnreadable'],
] as const)('%s on a %s is the reason %s, with its message', (code, kind, reason) => {
  expect(refusalOf(new AllocationError(code, 'Why; what to do.'), kind)).toEqual({
    reason,
    message: 'Why; what to do.',
  });
});

test('what is no refusal is a fault, to be retried', () => {
  expect(refusalOf(new AllocationError('LedgerUnavailable', 'x'), 'Router')).toBeUndefined();
  expect(refusalOf(new Error('x'), 'Router')).toBeUndefined();
});
