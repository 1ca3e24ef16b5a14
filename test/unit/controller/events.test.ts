import type { RouterPhase, TenantTunnelStatus } from '../../../src/api/index.ts';
import { routerEvent } from '../../../src/controller/router-events.ts';
import type { RouterOutcome } from '../../../src/controller/router-status.ts';
import { tunnelEvents } from '../../../src/controller/tunnel-events.ts';
import type { TunnelOutcome } from '../../../src/controller/tunnel-status.ts';
import { claim, router, tunnel, tunnelEntry } from './fixtures.ts';

const granted: RouterOutcome = {
  kind: 'granted',
  claim: claim('a/r'),
  tunnel: tunnel('a/acme'),
  script: '',
  subnets: { granted: [], refused: [] },
};
const allocated = (status: 'True' | 'False', reason: string) => ({
  conditions: [
    { type: 'Allocated', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
});

test.each<[RouterPhase | undefined, RouterPhase | undefined, string | undefined]>([
  ['Online', 'Suspended', 'RouterSuspended'],
  ['AwaitingConnection', 'Suspended', 'RouterSuspended'],
  ['Suspended', 'Suspended', undefined],
  ['Suspended', 'AwaitingConnection', 'RouterResumed'],
  [undefined, 'AwaitingConnection', undefined],
  ['Error', 'AwaitingConnection', undefined],
  ['Online', undefined, undefined],
])('a router that was %s and is %s: %s', (before, after, reason) => {
  const object = router('a/r', { tenant: 'acme' }, { status: before ? { phase: before } : {} });
  expect(routerEvent(object, granted, after ? { phase: after } : {})?.reason).toBe(reason);
});

test('a refusal is told once for each reason', () => {
  const refused: RouterOutcome = { kind: 'refused', refusal: { reason: 'KeyTaken', message: 'Why.' } };
  const told = (status: object) => routerEvent(router('a/r', { tenant: 'acme' }, { status }), refused, {});
  expect(told({})).toMatchObject({ type: 'Warning', reason: 'AllocationFailed', note: 'Why.' });
  expect(told(allocated('True', 'Allocated'))).toBeDefined();
  expect(told(allocated('False', 'AddressTaken'))).toBeDefined();
  expect(told(allocated('False', 'KeyTaken'))).toBeUndefined();
  const many: RouterOutcome = { ...refused, isOneOfMany: true };
  expect(routerEvent(router('a/r', { tenant: 'acme' }), many, {})).toBeUndefined();
});

test('networks that are refused are told of when what is said of them changes', () => {
  const routed = (message: string, reason = 'SubnetOverlap') => ({
    conditions: [
      { type: 'Routed', status: 'False', reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  });
  const told = (before: object, after: object) =>
    routerEvent(router('a/r', { tenant: 'acme' }, { status: before }), granted, after);
  expect(told({}, routed('Why.'))).toMatchObject({ type: 'Warning', reason: 'SubnetRefused', note: 'Why.' });
  expect(told(routed('Why.'), routed('Why.'))).toBeUndefined();
  expect(told(routed('Why.'), routed('Another.'))).toBeDefined();
  expect(told(routed('Why.'), {})).toBeUndefined();
  expect(told({}, routed('Cut off.', 'Suspended'))).toBeUndefined();
});

describe('a tunnel', () => {
  const grant: TunnelOutcome = { granted: { entry: tunnelEntry(), placement: { node: 'n1' } } };
  const reasons = (before: TenantTunnelStatus, outcome: TunnelOutcome, after: TenantTunnelStatus = {}) =>
    tunnelEvents(tunnel('a/acme', {}, { status: before }), outcome, after).map(({ reason }) => reason);

  test('that is allocated says so once', () => {
    expect(reasons({}, grant)).toEqual(['TunnelAllocated']);
    expect(reasons(allocated('True', 'Allocated'), grant)).toEqual([]);
  });

  test('that no node can carry says so once, for as long as that is so', () => {
    const refusal = { reason: 'NoGateway', message: 'Why.' } as const;
    const homeless: TunnelOutcome = { granted: { entry: tunnelEntry(), placement: { refused: refusal } } };
    const status = (reason: string): TenantTunnelStatus => ({
      conditions: [
        { type: 'Allocated', status: 'True', reason: 'Allocated', message: '', lastTransitionTime: '' },
        { type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: '' },
      ],
    });
    expect(reasons({}, homeless, status('NoGateway'))).toEqual(['TunnelAllocated', 'NoGateway']);
    expect(reasons(status('Pending'), homeless, status('NoGateway'))).toEqual(['NoGateway']);
    expect(reasons(status('NoGateway'), homeless, status('NoGateway'))).toEqual([]);
    // Its class is gone as well, which is what it says then.
    expect(reasons(status('Pending'), homeless, status('ClassNotFound'))).toEqual([]);
  });

  test('whose addresses come to their end says so at each step, and not again', () => {
    const pressure = (reason: string): TenantTunnelStatus => ({
      conditions: [
        { type: 'Allocated', status: 'True', reason: 'Allocated', message: '', lastTransitionTime: '' },
        { type: 'PoolPressure', status: 'True', reason, message: 'Why.', lastTransitionTime: '' },
      ],
    });
    const [enough, nearly, all] = ['Enough', 'NearlyExhausted', 'Exhausted'].map(pressure) as [
      TenantTunnelStatus,
      TenantTunnelStatus,
      TenantTunnelStatus,
    ];
    expect(reasons({}, grant, enough)).toEqual(['TunnelAllocated']);
    expect(reasons(enough, grant, nearly)).toEqual(['AddressPoolNearlyExhausted']);
    expect(reasons(nearly, grant, nearly)).toEqual([]);
    expect(reasons(nearly, grant, all)).toEqual(['AddressPoolExhausted']);
    expect(reasons(enough, grant, all)).toEqual(['AddressPoolExhausted']);
    expect(reasons(all, grant, nearly)).toEqual([]);
    expect(reasons(nearly, grant, enough)).toEqual([]);
  });

  test('whose endpoint moved warns of the routers that have the old one', () => {
    const before = { ...allocated('True', 'Allocated'), endpoint: 'old:1' };
    expect(reasons(before, grant, { endpoint: 'new:1' })).toEqual(['EndpointChanged']);
    expect(reasons(before, grant, { endpoint: 'old:1' })).toEqual([]);
  });

  test('that is refused says why, once for each reason', () => {
    const refused = (reason: 'PoolExhausted' | 'TenantTaken') => ({ refused: { reason, message: 'Why.' } });
    expect(reasons({}, refused('PoolExhausted'))).toEqual(['PoolExhausted']);
    expect(reasons({}, refused('TenantTaken'))).toEqual(['AllocationFailed']);
    expect(reasons(allocated('False', 'TenantTaken'), refused('TenantTaken'))).toEqual([]);
  });
});
