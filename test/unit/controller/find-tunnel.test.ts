import fc from 'fast-check';
import type { RouterSpecWritten, TenantTunnel } from '../../../src/api/index.ts';
import type { TenantTunnelSpecWritten } from '../../../src/api/v1alpha1/tenant-tunnel.ts';
import {
  findTunnel,
  isAsMade,
  MADE_BY_LABEL,
  older,
  routerFlow,
  tenantOf,
} from '../../../src/controller/find-tunnel.ts';
import { keyOf } from '../../../src/kube/index.ts';
import { router, tunnel } from './fixtures.ts';

const among = (tunnels: TenantTunnel[], holder?: string) => ({
  get: (key: string) => tunnels.find((one) => keyOf(one) === key),
  ofTenant: (tenant: string) => tunnels.filter((one) => tenantOf(one) === tenant),
  holderOf: () => holder,
  awaitedOf: () => undefined,
});
const at = (creationTimestamp: string) => ({ metadata: { creationTimestamp } });

describe('a Router with a tenant', () => {
  test('joins the tunnel of its tenant', () => {
    const own = tunnel('a/acme');
    expect(findTunnel(router('a/r', { tenant: 'acme' }), among([own, tunnel('a/other')]))).toEqual({
      found: own,
    });
  });

  test('joins the tunnel that holds the tenant, although an older one asks for it too', () => {
    const [old, holder] = [tunnel('a/old', { tenant: 'acme' }, at('2020-01-01T00:00:00Z')), tunnel('a/acme')];
    const looked = findTunnel(router('a/r', { tenant: 'acme' }), among([old, holder], 'a/acme'));
    expect(looked).toEqual({ found: holder });
  });

  test('without a tunnel asks for one of its name in its namespace', () => {
    expect(findTunnel(router('a/r', { tenant: 'acme' }), among([]))).toMatchObject({
      create: { metadata: { namespace: 'a', name: 'acme' }, spec: { tenant: 'acme' } },
    });
  });

  test('whose name is taken by the tunnel of another tenant asks for one with a suffix, the same each time', () => {
    const taken = among([tunnel('a/acme', { tenant: 'other' })]);
    const looked = findTunnel(router('a/r', { tenant: 'acme' }), taken);
    expect(looked).toMatchObject({
      create: { metadata: { name: expect.stringMatching(/^acme-[0-9a-f]{8}$/) } },
    });
    expect(findTunnel(router('a/r2', { tenant: 'acme' }), taken)).toEqual(looked);
  });

  test('of 63 characters still gets a name that a tenant may have', () => {
    const tenant = 'x'.repeat(63);
    const looked = findTunnel(router('a/r', { tenant }), among([tunnel(`a/${tenant}`, { tenant: 'other' })]));
    expect('create' in looked && looked.create.metadata.name).toMatch(/^[a-z0-9-]{63}$/);
  });
});

describe('a Router with a tunnelRef', () => {
  test('to nothing is told what to create', () => {
    expect(findTunnel(router('a/r', { tunnelRef: { name: 'gone' } }), among([]))).toEqual({
      refused: {
        reason: 'TunnelNotFound',
        message: 'TenantTunnel a/gone does not exist; create it, and this Router goes on by itself.',
      },
    });
  });

  test.each([
    [{}, false],
    [{ allowedNamespaces: ['c'] }, false],
    [{ allowedNamespaces: ['b'] }, true],
    [{ allowedNamespaces: ['*'] }, true],
  ])('from another namespace into a tunnel with %j is allowed: %s', (spec, isAllowed) => {
    const looked = findTunnel(
      router('b/r', { tunnelRef: { name: 'acme', namespace: 'a' } }),
      among([tunnel('a/acme', spec)]),
    );
    if (isAllowed) expect(looked).toHaveProperty('found');
    else
      expect(looked).toMatchObject({
        refused: { reason: 'NamespaceNotAllowed', message: expect.stringContaining('namespace b; add it') },
      });
  });
});

test('who is older is one order for all, whatever the times', () => {
  const someone = fc.record({
    creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),
    namespace: fc.constantFrom('a', 'b'),
    name: fc.constantFrom('x', 'y', 'z'),
  });
  fc.assert(
    fc.property(someone, someone, someone, (a, b, c) => {
      const [x, y, z] = [{ metadata: a }, { metadata: b }, { metadata: c }];
      expect(Math.sign(older(x, y)) + Math.sign(older(y, x))).toBe(0);
      if (older(x, y) < 0 && older(y, z) < 0) expect(older(x, z)).toBeLessThan(0);
      if (older(x, y) === 0) expect(keyOf(x)).toBe(keyOf(y));
    }),
  );
});

test('Routers are of one flow when they are of one namespace and name one tunnel', () => {
  const flowOf = (key: string, spec: RouterSpecWritten) => routerFlow(key, router(key, spec));
  const acme = flowOf('a/r', { tenant: 'acme' });
  expect(flowOf('a/other', { tenant: 'acme' })).toBe(acme);
  const others = [
    acme,
    flowOf('b/r', { tenant: 'acme' }),
    flowOf('a/r', { tenant: 'globex' }),
    flowOf('a/r', { tunnelRef: { name: 'acme' } }),
    flowOf('a/r', { tunnelRef: { name: 'acme', namespace: 'b' } }),
    routerFlow('a/gone', undefined),
  ];
  expect(new Set(others).size).toBe(others.length);
});

test('a tunnel that somebody wrote, and that is gone for a while, is waited for', () => {
  const lookup = {
    ...among([]),
    awaitedOf: (tenant: string) => (tenant === 'acme' ? 'net/acme' : undefined),
  };
  expect(findTunnel(router('a/r', { tenant: 'acme' }), lookup)).toEqual({
    isAwaited: true,
    refused: {
      reason: 'TunnelNotFound',
      message:
        'TenantTunnel net/acme, which tenant acme has, is gone; apply it again, or another one for that tenant, and this Router goes on by itself. Routers that were set up before work on.',
    },
  });
  expect(findTunnel(router('a/r', { tenant: 'other' }), lookup)).toHaveProperty('create');
});

test.each<[string, TenantTunnelSpecWritten, Record<string, string>, boolean]>([
  ['made by us', { tenant: 'acme' }, MADE_BY_LABEL, true],
  [
    'made by us, and restored by Velero',
    { tenant: 'acme' },
    { ...MADE_BY_LABEL, 'velero.io/restore-name': 'r' },
    true,
  ],
  ['made by us, to which somebody has added', { tenant: 'acme', mtu: 1400 }, MADE_BY_LABEL, false],
  ['written by somebody', { tenant: 'acme' }, {}, false],
])('one %s', (_what, spec, labels, expected) => {
  expect(isAsMade(tunnel('a/acme', spec, { metadata: { labels } }))).toBe(expected);
});
