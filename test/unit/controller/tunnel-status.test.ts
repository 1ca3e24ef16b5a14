import {
  planTunnelStatus,
  type TunnelGrant,
  type TunnelOutcome,
} from '../../../src/controller/tunnel-status.ts';
import { findCondition } from '../../../src/kube/index.ts';
import { NOW, tunnel, tunnelClass, tunnelEntry } from './fixtures.ts';

const condition = (type: string, status: 'True' | 'False', reason = 'X', message = 'Why.') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const entry = tunnelEntry();
const grant = (more: Partial<TunnelGrant> = {}): TunnelOutcome => ({
  granted: { entry, tunnelClass: tunnelClass('standard'), placement: { node: 'n1' }, ...more },
});
const plan = (outcome: TunnelOutcome, status = {}) =>
  planTunnelStatus(tunnel('a/acme', {}, { status }), outcome, NOW);
const GIVEN = {
  index: 0,
  interfaceName: 'wg0',
  subnet: '10.100.0.0/16',
  serverAddress: '10.100.0.1',
  listenPort: 51_820,
  publicKey: entry.publicKey,
};

test('a tunnel is pending until its gateway has it, with what to look at', () => {
  const status = plan(grant());
  expect(status).toMatchObject({
    ...GIVEN,
    phase: 'Pending',
    endpoint: 'vpn.example.com:51820',
    gateway: 'n1',
  });
  expect(findCondition(status.conditions, 'Allocated')).toMatchObject({
    status: 'True',
    reason: 'Allocated',
  });
  expect(findCondition(status.conditions, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'Pending',
    message: expect.stringContaining('see the gateway agent there'),
  });
});

test.each([
  [0, 'Inactive'],
  [3, 'Active'],
] as const)('programmed with %s routers connected it is %s, and ready', (connected, phase) => {
  const before = {
    conditions: [condition('Programmed', 'True')],
    routers: { total: 5, connected, online: 0 },
  };
  const status = plan(grant(), before);
  expect(status.phase).toBe(phase);
  expect(findCondition(status.conditions, 'Ready')).toMatchObject({ status: 'True' });
  expect(status.conditions?.map(({ type }) => type)).not.toContain('Programmed');
});

test('why the gateway could not program it is why it is not ready', () => {
  const before = { conditions: [condition('Programmed', 'False', 'NoDevice', 'No /dev/net/tun.')] };
  expect(findCondition(plan(grant(), before).conditions, 'Ready')).toMatchObject({
    reason: 'NoDevice',
    message: 'No /dev/net/tun.',
  });
});

test('an objection makes it not ready and takes nothing away; a remark leaves it ready', () => {
  const programmed = { conditions: [condition('Programmed', 'True')] };
  const said = { reason: 'ClassChanged', message: 'The class.' } as const;
  const objected = plan(grant({ objection: said }), programmed);
  expect(objected).toMatchObject(GIVEN);
  expect(findCondition(objected.conditions, 'Ready')).toMatchObject({ status: 'False', ...said });
  const remarked = plan(grant({ remark: said }), programmed);
  expect(findCondition(remarked.conditions, 'Allocated')).toMatchObject({ status: 'True', ...said });
  expect(findCondition(remarked.conditions, 'Ready')).toMatchObject({ status: 'True' });
});

test('without its class the endpoint stays what it was', () => {
  const { granted } = grant() as { granted: TunnelGrant };
  const { tunnelClass: _, ...rest } = granted;
  expect(plan({ granted: rest }, { endpoint: 'old.example.com:51820' }).endpoint).toBe(
    'old.example.com:51820',
  );
});

test('an IPv6 endpoint stands in brackets', () => {
  const v6 = tunnelClass('standard', { endpoint: { host: '2001:db8::1' } });
  expect(plan(grant({ tunnelClass: v6 })).endpoint).toBe('[2001:db8::1]:51820');
});

test('a refusal is an error on both conditions and leaves no numbers', () => {
  const status = plan(
    { refused: { reason: 'TenantTaken', message: 'Taken.' } },
    { index: 3, subnet: '10.103.0.0/16' },
  );
  expect(status).toMatchObject({ phase: 'Error', observedGeneration: 1 });
  expect(status.index).toBeUndefined();
  expect(status.conditions).toHaveLength(2);
});

test('a ledger that cannot be read takes no number away: they are still true', () => {
  const given = { ...GIVEN, endpoint: 'vpn.example.com:51820', gateway: 'n1' };
  const status = plan({ refused: { reason: 'LedgerUnreadable', message: 'Mend it.' } }, given);
  expect(status).toMatchObject({ ...given, phase: 'Error' });
});

describe('how full it is', () => {
  const small = tunnelEntry({ subnet: '10.9.0.0/24' });
  const said = (taken: number, before = {}) => {
    const status = plan(grant({ entry: small, addresses: { total: 253, taken } }), before);
    return { status, condition: findCondition(status.conditions, 'PoolPressure') };
  };

  test.each([
    [227, 'False', 'Enough', 'Less than 228 of the 253 addresses for routers in 10.9.0.0/24 are taken.'],
    [
      228,
      'True',
      'NearlyExhausted',
      '228 or more of the 253 addresses for routers in 10.9.0.0/24 are in use or in quarantine: delete Routers that are gone for good, or make a second tenant for further routers before the rest is taken, too.',
    ],
    [
      253,
      'True',
      'Exhausted',
      'All 253 addresses for routers in 10.9.0.0/24 are in use or in quarantine, so new Routers wait: delete Routers that are gone for good, or make a second tenant for further routers.',
    ],
  ])('with %i routers in a /24', (taken, status, reason, message) => {
    expect(said(taken).condition).toMatchObject({ status, reason, message });
  });

  test('is said in the same words for as long as it is so: a router more is no write', () => {
    const first = said(1).status;
    for (const taken of [2, 100, 227]) expect(said(taken, first).status).toEqual(first);
    const nearly = said(228, first).status;
    for (const taken of [229, 252]) expect(said(taken, nearly).status).toEqual(nearly);
  });

  test('stays said while the ledger cannot be read, and goes with what was given', () => {
    const before = said(250).status;
    const refused = (reason: 'LedgerUnreadable' | 'TenantTaken') =>
      plan({ refused: { reason, message: 'Why.' } }, before).conditions?.map(({ type }) => type);
    expect(refused('LedgerUnreadable')).toEqual(['Allocated', 'PoolPressure', 'Ready']);
    expect(refused('TenantTaken')).toEqual(['Allocated', 'Ready']);
  });
});
