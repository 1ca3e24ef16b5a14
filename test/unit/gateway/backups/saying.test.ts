import type { Router } from '../../../../src/api/index.ts';
import { backupFailure } from '../../../../src/gateway/backups/failure.ts';
import { backupCondition } from '../../../../src/gateway/backups/saying.ts';
import { KubeApiError } from '../../../../src/kube/index.ts';
import { RouterOsError } from '../../../../src/routeros/index.ts';

const ACCESS = { user: 'tenant-tunnel', password: 'p', apiPort: 8728 };
const failed = (message: string) => ({ reason: 'BackupFailed' as const, message });
const routerWith = (condition?: object): Pick<Router, 'status'> =>
  ({ status: { conditions: condition === undefined ? [] : [condition] } }) as never;

test('what is said once of a failure stays, whatever the router answers next', () => {
  const first = backupCondition(routerWith(), failed('one'), 'ns');
  expect(first).toMatchObject({ status: 'False', message: 'one' });
  expect(backupCondition(routerWith(first), failed('another'), 'ns')).toBe(first);
  expect(backupCondition(routerWith(first), 'kept', 'ns')).toMatchObject({ status: 'True' });
  expect(backupCondition(routerWith(first), 'none', 'ns')).toBeUndefined();
  expect(backupCondition(routerWith(first), undefined, 'ns')).toBe(first);
});

test.each([
  [new RouterOsError('TooLarge', 'x'), 'BackupTooLarge'],
  [new RouterOsError('NotPermitted', 'x'), 'BackupFailed'],
  [new RouterOsError('Trap', 'x'), 'BackupFailed'],
  [new RouterOsError('Timeout', 'x'), 'BackupFailed'],
  [new RouterOsError('Aborted', 'x'), undefined],
  [new KubeApiError('Forbidden', 'exceeded quota'), 'BackupRefused'],
  [new KubeApiError('NotFound', 'namespaces "x" not found'), 'BackupRefused'],
  [new KubeApiError('Unavailable', 'x'), undefined],
  [new Error('x'), undefined],
])('%s', (error, reason) => {
  const failure = backupFailure(error, ACCESS, 'ns');
  expect(failure?.reason).toBe(reason);
  if (failure !== undefined) expect(failure.message).toMatch(/\.$/);
});
