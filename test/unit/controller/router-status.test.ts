import fc from 'fast-check';
import type { RouterPhase, RouterStatus } from '../../../src/api/index.ts';
import { ROUTER_PHASES } from '../../../src/api/v1alpha1/router-status.ts';
import { gatewayHolds, planRouterStatus, type RouterOutcome } from '../../../src/controller/router-status.ts';
import { findCondition } from '../../../src/kube/index.ts';
import { claim, NOW, router, tunnel } from './fixtures.ts';

const GATEWAY: RouterPhase[] = ['VPNConnected', 'Configuring', 'Online', 'Offline'];
const refusal = {
  reason: 'KeyTaken',
  message: 'Public key K belongs to Router a/b; give each a key of its own.',
} as const;
const granted: RouterOutcome = {
  kind: 'granted',
  claim: claim('a/r'),
  tunnel: tunnel('a/acme'),
  script: '# the script',
  subnets: { granted: [], refused: [] },
};
const subnets = {
  granted: ['10.1.0.0/24'],
  refused: [{ subnet: '10.2.0.0/24', why: 'belongs to Router a/other' }],
};
const outcome = fc.constantFrom<RouterOutcome>(
  granted,
  { ...granted, objection: { ...refusal, reason: 'AddressChanged' } },
  { ...granted, subnets },
  { kind: 'kept' },
  { kind: 'refused', refusal },
  { kind: 'refused', refusal, claim: claim('a/r') },
  { kind: 'waiting', refusal: { ...refusal, reason: 'Pending' } },
);
const status = fc.record(
  {
    phase: fc.constantFrom(...ROUTER_PHASES),
    address: fc.constant('10.100.1.1'),
    subnets: fc.constant(['10.1.0.0/24']),
    script: fc.constant('sha256:0'),
    lastHandshakeTime: fc.constant('2026-01-01T00:00:00Z'),
    model: fc.constant('hAP'),
    conditions: fc.uniqueArray(
      fc.record({
        type: fc.constantFrom('Allocated', 'Routed', 'Ready', 'Connected', 'Configured', 'Programmed'),
        status: fc.constantFrom('True', 'False', 'Unknown'),
        reason: fc.constant('Before'),
        message: fc.constant('Before.'),
        lastTransitionTime: fc.constant('2026-01-01T00:00:00Z'),
      }),
      { selector: ({ type }) => type },
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RouterStatus>;

test('phase and Ready are left alone while the gateway holds them, unless the router is cut off or refused', () => {
  fc.assert(
    fc.property(status, fc.boolean(), outcome, (before, suspended, decided) => {
      const object = router('a/r', { tenant: 'acme', suspended }, { status: before });
      const { status: after, owned } = planRouterStatus(object, decided, NOW);
      const speaks = suspended || !['granted', 'kept'].includes(decided.kind) || !gatewayHolds(object);
      expect(owned.fields.includes('phase')).toBe(speaks);
      expect(owned.conditions.includes('Ready')).toBe(speaks);
      expect(after.phase !== undefined).toBe(speaks);
      // What it says is what it owns, and nothing of the gateway's.
      expect(owned.fields).toEqual(
        expect.arrayContaining(Object.keys(after).filter((f) => f !== 'conditions')),
      );
      const said = after.conditions?.map(({ type }) => type) ?? [];
      // A router without networks behind it has nothing to say of them.
      expect([...new Set([...said, 'Routed'])].sort()).toEqual([...owned.conditions].sort());
      for (const field of ['model', 'version', 'lastHandshakeTime', 'lastSeen', 'interfaces']) {
        expect(owned.fields).not.toContain(field);
        expect(after).not.toHaveProperty(field);
      }
      for (const type of ['Connected', 'Configured', 'Programmed'])
        expect(owned.conditions).not.toContain(type);
      for (const { observedGeneration } of after.conditions ?? []) expect(observedGeneration).toBe(1);
      expect(after.observedGeneration).toBe(1);
    }),
  );
});

test('said again, with any later clock, it is the same: nothing is written', () => {
  fc.assert(
    fc.property(status, fc.boolean(), outcome, fc.nat({ max: 1e12 }), (before, suspended, decided, later) => {
      const spec = { tenant: 'acme', suspended };
      const first = planRouterStatus(router('a/r', spec, { status: before }), decided, NOW).status;
      const others = (before.conditions ?? []).filter(({ type }) => !findCondition(first.conditions, type));
      const merged = { ...before, ...first, conditions: [...others, ...(first.conditions ?? [])] };
      const again = planRouterStatus(router('a/r', spec, { status: merged }), decided, NOW + later).status;
      expect(again).toEqual(first);
    }),
  );
});

test.each(GATEWAY)('the gateway holds a router that is %s', (phase) => {
  expect(gatewayHolds(router('a/r', { tenant: 'acme' }, { status: { phase } }))).toBe(true);
});

test.each(['Pending', 'AwaitingConnection', 'Suspended', 'Error', undefined] as const)(
  'the controller speaks of a router that is %s',
  (phase) => {
    expect(gatewayHolds(router('a/r', { tenant: 'acme' }, { status: phase ? { phase } : {} }))).toBe(false);
  },
);

test('a new router waits for its script to be pasted', () => {
  const { status: after } = planRouterStatus(router('a/r', { tenant: 'acme' }), granted, NOW);
  expect(after).toMatchObject({
    phase: 'AwaitingConnection',
    address: '10.100.1.1',
    tunnel: 'a/acme',
    script: '# the script',
  });
  expect(findCondition(after.conditions, 'Allocated')).toMatchObject({ status: 'True', reason: 'Allocated' });
  expect(findCondition(after.conditions, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'AwaitingConnection',
  });
});

test('a router that is refused keeps its address in sight and loses its script', () => {
  const refused: RouterOutcome = { kind: 'refused', refusal, claim: claim('a/r') };
  const { status: after, owned } = planRouterStatus(router('a/r', { tenant: 'acme' }), refused, NOW);
  expect(after).toMatchObject({ phase: 'Error', address: '10.100.1.1' });
  expect(after.script).toBeUndefined();
  expect(owned.fields).toContain('script');
  for (const type of ['Allocated', 'Ready'])
    expect(findCondition(after.conditions, type)).toMatchObject({ ...refusal, status: 'False' });
});

test('what is kept is what was there, with the generation that was looked at', () => {
  const given = { address: '10.100.1.1', publicKey: 'K', tunnel: 'a/acme', script: 'sha256:0' };
  const object = router(
    'a/r',
    { tenant: 'acme' },
    { status: { ...given, phase: 'Online' }, metadata: { generation: 7 } },
  );
  expect(planRouterStatus(object, { kind: 'kept' }, NOW).status).toMatchObject({
    ...given,
    observedGeneration: 7,
  });
});

describe('networks behind a router', () => {
  const behind = { tenant: 'acme', subnets: ['10.1.0.0/24', '10.2.0.0/24'] };
  const told = { subnets: ['10.1.0.0/24'] };
  const routed = (decided: RouterOutcome, before: RouterStatus = {}, more = {}) => {
    const object = router('a/r', { ...behind, ...more }, { status: before });
    const { status: after, owned } = planRouterStatus(object, decided, NOW);
    expect(owned.fields).toContain('subnets');
    expect(owned.conditions).toContain('Routed');
    return { subnets: after.subnets, condition: findCondition(after.conditions, 'Routed') };
  };

  test('are told as far as they are its own', () => {
    expect(routed({ ...granted, subnets })).toMatchObject({
      subnets: ['10.1.0.0/24'],
      condition: { status: 'False', reason: 'SubnetOverlap' },
    });
    const all = { granted: behind.subnets, refused: [] };
    expect(routed({ ...granted, subnets: all })).toMatchObject({
      subnets: behind.subnets,
      condition: { status: 'True', reason: 'Routed' },
    });
    expect(routed({ ...granted, subnets: all }, {}, { suspended: true })).toMatchObject({
      subnets: behind.subnets,
      condition: { status: 'False', reason: 'Suspended' },
    });
    expect(routed(granted, told)).toEqual({ subnets: undefined, condition: undefined });
  });

  test('stay its own while it is refused something else, or nothing can be decided', () => {
    expect(routed({ kind: 'refused', refusal, claim: claim('a/r') }, told).subnets).toEqual(told.subnets);
    expect(routed({ kind: 'refused', refusal }, told).subnets).toEqual(told.subnets);
    const condition = {
      type: 'Routed',
      status: 'True',
      reason: 'Routed',
      message: 'As it was.',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    expect(routed({ kind: 'kept' }, { ...told, conditions: [condition] })).toMatchObject({
      ...told,
      condition: { status: 'True', message: 'As it was.' },
    });
  });
});
