import { scriptHost } from '../../../../src/controller/endpoint/host.ts';
import { endpointObjects, type Standing } from '../../../../src/controller/endpoint/objects.ts';
import { type EndpointFacts, endpointState } from '../../../../src/controller/endpoint/verdict.ts';
import { planTunnelStatus, type TunnelGrant } from '../../../../src/controller/tunnel-status.ts';
import { findCondition, type Node, type Service } from '../../../../src/kube/index.ts';
import { NOW, tunnel, tunnelClass, tunnelEntry } from '../fixtures.ts';

const node = (...addresses: [string, string][]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'edge-1' },
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});
const EDGE = node(['Hostname', 'edge-1'], ['InternalIP', '10.0.0.5'], ['ExternalIP', '203.0.113.5']);
const entry = { index: 3, listenPort: 51_823 };
const BY_NAME = tunnelClass('standard', { endpoint: { mode: 'Node', host: 'vpn.example.com' } });
const BALANCED = tunnelClass('standard', { endpoint: { mode: 'LoadBalancer' } });
const NONE: Standing = { record: undefined, balancer: undefined };
const AT = { name: 'edge-1', outer: ['203.0.113.5'], inner: ['10.0.0.5'] };
const made = (klass: typeof BY_NAME) =>
  endpointObjects({ namespace: 'gateways', entry, tunnelClass: klass, node: AT, standing: NONE });
const record = made(BY_NAME).services[0] as Service;
const {
  services: [bare],
  slices = [],
} = made(BALANCED);
const balancer = (...ingress: { ip?: string; hostname?: string }[]): Service => ({
  ...(bare as Service),
  status: { loadBalancer: { ingress } },
});
const state = (tunnelClass: typeof BY_NAME, more: Partial<EndpointFacts> = {}) =>
  endpointState({
    tunnelClass,
    entry,
    node: { name: 'edge-1', object: EDGE },
    standing: NONE,
    slices: [],
    trouble: undefined,
    ...more,
  });

test('of a Static endpoint nothing is said', () => {
  expect(state(tunnelClass('standard'))).toEqual({});
});

describe('with Node', () => {
  const said = (object: Node | undefined, standing: Standing = { ...NONE, record }) =>
    state(BY_NAME, { node: { name: 'edge-1', object }, standing });

  test('it is said what the name means, and which address of the node that is', () => {
    expect(said(EDGE)).toEqual({
      verdict: {
        status: 'True',
        reason: 'Published',
        message:
          'wg3.vpn.example.com is 203.0.113.5, the ExternalIP of node edge-1: so Service gateways/tunnel-3-dns says to external-dns.',
      },
    });
    expect(said(node(['InternalIP', '203.0.113.5'])).verdict?.message).toContain(
      '203.0.113.5, the InternalIP, since it has no ExternalIP, of node edge-1',
    );
  });

  test.each([undefined, node(), node(['Hostname', 'edge-1']), node(['ExternalIP', 'nonsense'])])(
    'a node without an address is told',
    (object) => {
      expect(said(object).verdict).toMatchObject({
        status: 'False',
        reason: 'NoNodeAddress',
        message: expect.stringContaining('Node edge-1 has no ExternalIP and no InternalIP'),
      });
    },
  );

  test('until the record has the name it is waited for', () => {
    expect(said(EDGE, NONE).verdict).toMatchObject({ status: 'False', reason: 'Pending' });
    const other = tunnelClass('standard', { endpoint: { mode: 'Node', host: 'other.example' } });
    expect(state(other, { standing: { ...NONE, record } }).verdict?.reason).toBe('Pending');
  });
});

describe('with LoadBalancer', () => {
  test('without an ingress it waits and says where to look', () => {
    const { host, verdict } = state(BALANCED, { standing: { ...NONE, balancer: balancer() }, slices });
    expect(host).toBeUndefined();
    expect(verdict).toMatchObject({
      status: 'False',
      reason: 'LoadBalancerPending',
      message: expect.stringContaining('kubectl describe service -n gateways tunnel-3-lb'),
    });
  });

  test.each([
    [{ ip: '198.51.100.7' }, '198.51.100.7'],
    [{ hostname: 'abc.elb.example.com' }, 'abc.elb.example.com'],
    [{ ip: '2001:db8::7' }, '2001:db8::7'],
  ])('routers are told what it has: %j', (ingress, host) => {
    const standing = { ...NONE, balancer: balancer(ingress) };
    expect(state(BALANCED, { standing, slices })).toEqual({
      host,
      verdict: {
        status: 'True',
        reason: 'Published',
        message: `${host} leads to node edge-1, by Service gateways/tunnel-3-lb.`,
      },
    });
  });

  test('with a domain routers are told the name', () => {
    const named = tunnelClass('standard', { endpoint: { mode: 'LoadBalancer', host: 'vpn.example.com' } });
    const standing = { ...NONE, balancer: balancer({ ip: '198.51.100.7' }) };
    const { host, verdict } = state(named, { standing, slices });
    expect(host).toBeUndefined();
    expect(verdict?.message).toMatch(
      /^wg3\.vpn\.example\.com is 198\.51\.100\.7, which leads to node edge-1/,
    );
  });

  test('a node that load balancers cannot reach is told', () => {
    const object = node(['ExternalIP', '203.0.113.5']);
    expect(state(BALANCED, { node: { name: 'edge-1', object } }).verdict?.reason).toBe('NoNodeAddress');
  });
});

test('what the API server refused comes first', () => {
  const trouble = { reason: 'ServiceRefused', message: 'No.' } as const;
  expect(state(BY_NAME, { trouble, standing: { ...NONE, record } }).verdict).toEqual({
    status: 'False',
    ...trouble,
  });
});

describe('in the status of the tunnel', () => {
  const programmed = { type: 'Programmed', status: 'True' as const, reason: 'Programmed', message: '' };
  const before = { conditions: [{ ...programmed, lastTransitionTime: '2026-01-01T00:00:00Z' }] };
  const plan = (grant: Partial<TunnelGrant>, status: object = before) =>
    planTunnelStatus(
      tunnel('a/acme', {}, { status }),
      {
        granted: {
          entry: tunnelEntry({ index: 3, listenPort: 51_823 }),
          placement: { node: 'edge-1' },
          ...grant,
        },
      },
      NOW,
    );
  const ready = (status: ReturnType<typeof plan>) => findCondition(status.conditions, 'Ready');

  test('the endpoint of Node is the name, and Ready is as it was', () => {
    const status = plan({
      tunnelClass: BY_NAME,
      endpoint: state(BY_NAME, { standing: { ...NONE, record } }),
    });
    expect(status.endpoint).toBe('wg3.vpn.example.com:51823');
    expect(ready(status)?.status).toBe('True');
  });

  test('a load balancer that is yet to come leaves it allocated, not ready, and with what was told before', () => {
    const endpoint = state(BALANCED, { standing: { ...NONE, balancer: balancer() }, slices });
    const fresh = plan({ tunnelClass: BALANCED, endpoint });
    expect(fresh.endpoint).toBeUndefined();
    expect(findCondition(fresh.conditions, 'Allocated')?.status).toBe('True');
    expect(ready(fresh)).toMatchObject({ status: 'False', reason: 'LoadBalancerPending' });
    const told = { ...before, endpoint: '198.51.100.7:51823' };
    expect(plan({ tunnelClass: BALANCED, endpoint }, told).endpoint).toBe('198.51.100.7:51823');
  });

  test('without its class the condition stays, and with a Static one it goes', () => {
    const first = plan({ tunnelClass: BY_NAME, endpoint: state(BY_NAME, { standing: { ...NONE, record } }) });
    const types = (grant: Partial<TunnelGrant>) => plan(grant, first).conditions?.map(({ type }) => type);
    expect(types({})).toContain('EndpointReady');
    expect(types({ tunnelClass: tunnelClass('standard'), endpoint: {} })).not.toContain('EndpointReady');
  });
});

describe('a script names', () => {
  const host = (klass: typeof BY_NAME, endpoint?: string) =>
    scriptHost(klass, entry, tunnel('a/acme', {}, endpoint === undefined ? {} : { status: { endpoint } }));

  test('what the class says, or what the status tells of the load balancer', () => {
    expect(host(tunnelClass('standard'), 'x:1')).toBe('vpn.example.com');
    expect(host(BY_NAME)).toBe('wg3.vpn.example.com');
    expect(host(BALANCED)).toBeUndefined();
    expect(host(BALANCED, '198.51.100.7:51823')).toBe('198.51.100.7');
    expect(host(BALANCED, '[2001:db8::7]:51823')).toBe('[2001:db8::7]');
  });

  test.each(['', ':51823', 'nothing'])('nothing of nonsense in a status: %j', (endpoint) => {
    expect(host(BALANCED, endpoint)).toBeUndefined();
  });
});
