/** IPv6 inside of tunnels, as the controller tells and hands it over. */
import { isSetUpWithout6, type TunnelEntry } from '../../../src/allocation/index.ts';
import type { TunnelClass } from '../../../src/api/index.ts';
import { planClassStatus } from '../../../src/controller/class-status.ts';
import { classDrift, withoutSubnet6 } from '../../../src/controller/find-class.ts';
import { handedTunnels } from '../../../src/controller/handed-over.ts';
import { tunnelObjects } from '../../../src/controller/handover-objects.ts';
import { leanRouter } from '../../../src/controller/lean-router.ts';
import { clusterRanges6 } from '../../../src/controller/pool6-overlap.ts';
import { rememberedTunnel } from '../../../src/controller/remember-tunnel.ts';
import { planRouterStatus, type RouterOutcome } from '../../../src/controller/router-status.ts';
import { planTunnelStatus } from '../../../src/controller/tunnel-status.ts';
import type { Node } from '../../../src/kube/index.ts';
import { claim, NOW, router, tunnel, tunnelClass, tunnelEntry } from './fixtures.ts';

const dual = tunnelEntry({ index: 7, subnet6: 'fd12:3456:789a:7::/64' });
const plain = tunnelEntry({ index: 7 });
const ipv6 = { pool: 'fd12:3456:789a::/48' };

const handed = (entry: TunnelEntry) =>
  tunnelObjects(
    { namespace: 'gateways', node: 'n1' },
    { entry, tunnel: tunnel('a/acme'), mtu: 1420, routerToRouter: 'Allow', blocks: [1], revision: 3 },
  );

describe('what is handed over', () => {
  test('has the /64, and is read back with it; without one it is the text of older versions', () => {
    const [configMap, secret] = handed(dual);
    expect(JSON.parse(configMap.data?.['tunnel.json'] ?? '')).toMatchObject({ subnet6: dual.subnet6 });
    expect(handedTunnels([configMap], [secret], () => undefined)[0]?.record()).toEqual(dual);
    expect(handed(plain)[0].data?.['tunnel.json']).not.toContain('subnet6');
  });

  test('is read back without what somebody made of it', () => {
    const [configMap, secret] = handed(dual);
    const text = (configMap.data?.['tunnel.json'] ?? '').replace('fd12:3456:789a:7::/64', 'fe80::/64');
    const edited = { ...configMap, data: { 'tunnel.json': text } };
    expect(handedTunnels([edited], [secret], () => undefined)[0]?.record()).not.toHaveProperty('subnet6');
  });
});

describe('a status', () => {
  const planned = (entry: TunnelEntry, spec: Parameters<typeof tunnelClass>[1] = {}) =>
    planTunnelStatus(
      tunnel('a/acme'),
      { granted: { entry, tunnelClass: tunnelClass('standard', spec), placement: { node: 'n1' } } },
      NOW,
    );

  test('of a tunnel tells its /64 and the address of the server in it, and nothing where it has none', () => {
    expect(planned(dual)).toMatchObject({
      subnet6: 'fd12:3456:789a:7::/64',
      serverAddress6: 'fd12:3456:789a:7::1',
    });
    const status = planned(plain);
    expect(status).not.toHaveProperty('subnet6');
    expect(status).not.toHaveProperty('serverAddress6');
  });

  test('of a tunnel is what a ledger that was lost learns it from', () => {
    const { publicKey } = dual;
    const status = { index: 7, subnet: '10.100.0.0/16', listenPort: 51_827, publicKey };
    const remembered = (subnet6: string) =>
      rememberedTunnel(tunnel('a/acme', {}, { status: { ...status, subnet6 } }));
    expect(remembered('fd12:3456:789a:7::/64')).toMatchObject({ subnet6: 'fd12:3456:789a:7::/64' });
    expect(remembered('ff02::/64')).not.toHaveProperty('subnet6');
  });

  const outcome = (address6?: string): RouterOutcome => ({
    kind: 'granted',
    claim: claim('a/r'),
    tunnel: tunnel('a/acme'),
    script: '# the script',
    subnets: { granted: [], refused: [] },
    ...(address6 && { address6 }),
  });
  const own = 'fd12:3456:789a:7::101';

  test('of a router tells its address beside the other, keeps it while it is refused, and has none otherwise', () => {
    const before = router('a/r', { tenant: 'acme' });
    const { status } = planRouterStatus(before, outcome(own), NOW);
    expect(status).toMatchObject({ address: '10.100.1.1', address6: own });
    expect(planRouterStatus(before, outcome(), NOW).status).not.toHaveProperty('address6');
    const told = leanRouter(router('a/r', { tenant: 'acme' }, { status }));
    const refusal = { reason: 'AddressTaken', message: 'Taken.' } as const;
    const held: RouterOutcome = { kind: 'refused', refusal, claim: claim('a/r') };
    for (const later of [{ kind: 'kept' } as const, { kind: 'refused', refusal } as const, held])
      expect(planRouterStatus(told, later, NOW).status).toMatchObject({ address6: own });
  });
});

test('a router that was set up before its tunnel had IPv6 is told what to do, and one after that nothing', () => {
  const tunnelAt = { subnet6At: '2026-01-01T12:00:00.000Z' };
  const used = (at?: string) => {
    const access = { user: 'u', password: 'p', apiPort: 8728, ...(at && { used: at }) };
    return isSetUpWithout6(tunnelAt, claim('a/r', 1, { access }));
  };
  expect([used('2026-01-01T11:59:59Z'), used('2026-01-01T12:00:01Z'), used()]).toEqual([true, false, false]);
  const outcome: RouterOutcome = {
    kind: 'granted',
    claim: claim('a/r'),
    tunnel: tunnel('a/acme'),
    script: '# the script',
    subnets: { granted: [], refused: [] },
    address6: 'fd12::101',
  };
  const message = (lacks6?: true) =>
    planRouterStatus(
      router('a/r', { tenant: 'acme' }),
      { ...outcome, ...(lacks6 && { lacks6 }) },
      NOW,
    ).status.conditions?.find(({ type }) => type === 'Allocated')?.message;
  expect(message()).toBe('Address 10.100.1.1 in tunnel a/acme.');
  expect(message(true)).toBe(
    'Address 10.100.1.1 in tunnel a/acme. It was set up before the tunnel had IPv6, and does not have fd12::101 yet: spec.script.renew asks for a script with that.',
  );
});

describe('a class with a pool for IPv6', () => {
  const judged = (
    of: TunnelClass,
    others: TunnelClass[] = [],
    nodes: Node[] = [],
    services: string[] = [],
  ) => {
    const surroundings = {
      tunnels: [],
      classes: [of, ...others],
      cluster: { services: [], pods: [], nodes: [] },
      cluster6: clusterRanges6(nodes, services),
    };
    const { conditions = [] } = planClassStatus(of, surroundings, NOW);
    return (type: string) => {
      const { status, reason, message } = conditions.find((one) => one.type === type) ?? {};
      return [status, reason, message];
    };
  };
  const standard = tunnelClass('standard', { ipv6 });

  test('says nothing more where nobody else uses it, and other classes may name the same or one that overlaps it', () => {
    expect(judged(standard)('PoolOverlap')).toEqual(judged(tunnelClass('standard'))('PoolOverlap'));
    for (const pool of [ipv6.pool, 'fd12:3456:7800::/40']) {
      const pools = [{ cidr: '172.16.0.0/12', prefixLength: 20 }];
      const edge = tunnelClass('edge', { ipv6: { pool }, pools });
      expect(judged(standard, [edge])('PoolOverlap')[0]).toBe('False');
    }
  });

  test('names the networks of the cluster that it overlaps; it stops nothing', () => {
    const node = {
      metadata: { name: 'n1' },
      spec: { podCIDRs: ['10.244.0.0/24', 'fd12:3456:789a:ff00::/64'] },
      status: { addresses: [{ type: 'InternalIP', address: '2001:db8::7' }] },
    } as Node;
    const said = judged(standard, [], [node], ['fd12:3456:789a:1::/112', '10.96.0.0/12']);
    expect(said('PoolOverlap')).toEqual([
      'True',
      'Overlap',
      'IPv6 pool fd12:3456:789a::/48 overlaps fd12:3456:789a:1::/112, fd12:3456:789a:ff00::/64, which the cluster uses: tunnels work all the same, each in a network namespace of its own, but do not route from the cluster into this pool.',
    ]);
    expect(said('Ready')[0]).toBe('True');
  });

  test('that cannot be used says so, and makes tunnels of IPv4', () => {
    const wrong = tunnelClass('standard', { ipv6: { pool: 'fe80::/48' } });
    expect(judged(wrong)('Ready')).toEqual([
      'False',
      'InvalidPool',
      'spec.ipv6.pool: "fe80::/48" is neither unique local (fc00::/7) nor global unicast (2000::/3). Until then tunnels are made without IPv6.',
    ]);
    expect(withoutSubnet6(wrong, plain, new Map())?.message).toContain('and without IPv6: "fe80::/48" is');
  });

  test('that another took a number of leaves a tunnel without, which says whose it is', () => {
    const other = tunnelEntry({ index: 3, owner: 'b/b', subnet6: 'fd12:3456:789a:7::/64' });
    const tunnels = new Map([[3, other]]);
    expect(withoutSubnet6(standard, plain, tunnels)).toEqual({
      reason: 'SubnetUnavailable',
      message:
        'wg7 with 10.100.0.0/16 on port 51820, and without IPv6: fd12:3456:789a:7::/64 is that of tunnel b/b.',
    });
    expect(withoutSubnet6(standard, dual, tunnels)).toBeUndefined();
    expect(withoutSubnet6(tunnelClass('standard'), plain, tunnels)).toBeUndefined();
  });

  test('that changes, or goes, takes nothing from its tunnels, which say so', () => {
    const drift = (spec: Parameters<typeof tunnelClass>[1]) =>
      classDrift(tunnelClass('standard', spec), dual);
    expect(drift({ ipv6 })).toBeUndefined();
    for (const spec of [{}, { ipv6: { pool: 'fd99::/48' } }]) {
      expect(drift(spec)?.message).toBe(
        'TunnelClass standard no longer holds IPv6 subnet fd12:3456:789a:7::/64; this tunnel keeps what it was given, which its routers in the field live by.',
      );
    }
  });
});
