import type { TunnelClassSpecWritten } from '../../../../src/api/v1alpha1/tunnel-class.ts';
import { differs } from '../../../../src/controller/endpoint/differs.ts';
import {
  type EndpointInput,
  endpointObjects,
  type Standing,
} from '../../../../src/controller/endpoint/objects.ts';
import type { Service } from '../../../../src/kube/index.ts';
import { tunnelClass } from '../fixtures.ts';

type Endpoint = TunnelClassSpecWritten['endpoint'];
const NONE: Standing = { record: undefined, balancer: undefined };
const NODE = { name: 'edge-1', outer: ['203.0.113.5', '2001:db8::5'], inner: ['10.0.0.5'] };
const of = (endpoint: Endpoint, more: Partial<EndpointInput> = {}) =>
  endpointObjects({
    namespace: 'gateways',
    entry: { index: 3, listenPort: 51_823 },
    tunnelClass: tunnelClass('standard', { endpoint }),
    node: NODE,
    standing: NONE,
    ...more,
  });
const one = (endpoint: Endpoint, more: Partial<EndpointInput> = {}): Service => {
  const { services } = of(endpoint, more);
  expect(services).toHaveLength(1);
  return services[0] as Service;
};
const annotation = (service: Service, name: string) =>
  ['external-dns.alpha.kubernetes.io', 'external-dns.kubernetes.io'].map(
    (prefix) => service.metadata.annotations?.[`${prefix}/${name}`],
  );
const node = { mode: 'Node', host: 'VPN.example.com' } as const;
const PORTS = [{ name: 'wireguard', protocol: 'UDP', port: 51_823 }];

test('Static has nothing', () => {
  expect(of({ host: 'vpn.example.com' })).toEqual({ services: [], slices: [] });
});

describe('Node', () => {
  test('is a headless Service that tells external-dns, of every version, a name and the addresses', () => {
    const service = one(node);
    expect(service).toMatchObject({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'tunnel-3-dns',
        namespace: 'gateways',
        labels: {
          'app.kubernetes.io/managed-by': 'tenant-tunnel-operator',
          'vpn.traidnet.io/part': 'endpoint',
          'vpn.traidnet.io/tunnel-index': '3',
          'vpn.traidnet.io/gateway': 'edge-1',
        },
      },
      spec: { type: 'ClusterIP', clusterIP: 'None', ports: PORTS },
    });
    expect(annotation(service, 'hostname')).toEqual(['wg3.vpn.example.com', 'wg3.vpn.example.com']);
    expect(annotation(service, 'target')).toEqual(['203.0.113.5,2001:db8::5', '203.0.113.5,2001:db8::5']);
    expect(annotation(service, 'ttl')).toEqual(['60', '60']);
    expect(of(node).slices).toEqual([]);
  });

  test('follows the tunnel', () => {
    const moved = one(node, { node: { name: 'edge-2', outer: ['203.0.113.6'], inner: [] } });
    expect(moved.metadata.labels?.['vpn.traidnet.io/gateway']).toBe('edge-2');
    expect(annotation(moved, 'target')[0]).toBe('203.0.113.6');
    expect(differs(one(node), moved)).toBe(true);
  });

  test.each([undefined, { name: 'edge-2', outer: [], inner: [] }])(
    'leaves what stands while there is no address',
    (at) => {
      expect(of(node, { node: at, standing: { ...NONE, record: one(node) } }).services).toEqual([]);
    },
  );

  test('of another domain goes on under the earlier names, until a person takes them away', () => {
    const other = { mode: 'Node', host: 'other.example' } as const;
    const service = one(other, { standing: { ...NONE, record: one(node) } });
    expect(annotation(service, 'hostname')[0]).toBe('wg3.other.example,wg3.vpn.example.com');
    expect(annotation(one(other), 'hostname')[0]).toBe('wg3.other.example');
  });

  test('has at most eight names, and none that is no name of DNS', () => {
    const record = one(node);
    const names = ['wg3.a b.example', '*', '', ...Array.from({ length: 20 }, (_, n) => `wg3.d${n}.example`)];
    record.metadata.annotations = { 'external-dns.alpha.kubernetes.io/hostname': names.join(' , ') };
    const hostname = annotation(one(node, { standing: { ...NONE, record } }), 'hostname')[0];
    expect(hostname?.split(',').slice(0, 3)).toEqual([
      'wg3.vpn.example.com',
      'wg3.d0.example',
      'wg3.d1.example',
    ]);
    expect(hostname?.split(',')).toHaveLength(8);
  });
});

describe('LoadBalancer', () => {
  const balanced = { mode: 'LoadBalancer' } as const;

  test('is a Service without selector, and the node behind it', () => {
    const { services, slices } = of(balanced);
    expect(services).toHaveLength(1);
    expect(services[0]).toMatchObject({
      metadata: { name: 'tunnel-3-lb', namespace: 'gateways' },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: PORTS },
    });
    expect(services[0]?.spec).not.toHaveProperty('selector');
    expect(slices).toHaveLength(1);
    expect(slices?.[0]).toMatchObject({
      apiVersion: 'discovery.k8s.io/v1',
      metadata: {
        name: 'tunnel-3-lb-ipv4',
        labels: { 'kubernetes.io/service-name': 'tunnel-3-lb' },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.5'], nodeName: 'edge-1', conditions: { ready: true } }],
      ports: PORTS,
    });
  });

  test('of a node of both families has two slices', () => {
    const { slices } = of(balanced, { node: { ...NODE, inner: ['10.0.0.5', 'fd00::5'] } });
    expect(slices?.map(({ addressType, metadata }) => [addressType, metadata.name])).toEqual([
      ['IPv4', 'tunnel-3-lb-ipv4'],
      ['IPv6', 'tunnel-3-lb-ipv6'],
    ]);
  });

  test('asks external-dns for a name where the class has a domain, and for none else', () => {
    const named = one({ ...balanced, host: 'vpn.example.com' });
    expect(annotation(named, 'hostname')[0]).toBe('wg3.vpn.example.com');
    // The load balancer's own address is the target.
    expect(annotation(named, 'target')).toEqual([undefined, undefined]);
    expect(annotation(one(balanced), 'hostname')).toEqual([undefined, undefined]);
  });

  test('keeps earlier names, also when the domain is taken away', () => {
    const standing = { ...NONE, balancer: one({ ...balanced, host: 'vpn.example.com' }) };
    expect(annotation(one({ ...balanced, host: 'new.example' }, { standing }), 'hostname')[0]).toBe(
      'wg3.new.example,wg3.vpn.example.com',
    );
    expect(annotation(one(balanced, { standing }), 'hostname')[0]).toBe('wg3.vpn.example.com');
  });

  test('leaves names to the annotations of a class that has no domain', () => {
    const theirs = (name: string) => ({
      ...balanced,
      loadBalancer: { annotations: { 'external-dns.alpha.kubernetes.io/hostname': name } },
    });
    const standing = { ...NONE, balancer: one(theirs('a.example')) };
    expect(annotation(one(theirs('b.example'), { standing }), 'hostname')).toEqual(['b.example', undefined]);
  });

  test('passes annotations and class on; a class that stands is kept', () => {
    const endpoint = {
      ...balanced,
      loadBalancer: { annotations: { 'example.com/kind': 'nlb' }, loadBalancerClass: 'example.com/a' },
    } as const;
    const service = one(endpoint);
    expect(service.metadata.annotations).toMatchObject({ 'example.com/kind': 'nlb' });
    expect(service.spec?.loadBalancerClass).toBe('example.com/a');
    const standing = { ...NONE, balancer: one(balanced) };
    expect(one(endpoint, { standing }).spec).not.toHaveProperty('loadBalancerClass');
  });

  test('shows when an annotation is not wanted any more', () => {
    const before = one({ ...balanced, loadBalancer: { annotations: { a: '1', b: '2' } } });
    expect(differs(before, one({ ...balanced, loadBalancer: { annotations: { a: '1' } } }))).toBe(true);
    expect(differs(before, one({ ...balanced, loadBalancer: { annotations: { a: '1', b: '2' } } }))).toBe(
      false,
    );
  });

  test('keeps its slices while the tunnel lies nowhere, or its node has no address', () => {
    expect(of(balanced, { node: undefined }).slices).toBeUndefined();
    expect(of(balanced, { node: { ...NODE, inner: [] } }).slices).toBeUndefined();
  });
});

describe('what another mode left', () => {
  const record = one(node);
  const balancer = one({ mode: 'LoadBalancer' });
  const moved = { name: 'edge-2', outer: ['203.0.113.6'], inner: ['10.0.0.6'] };

  test.each([
    ['a Static class', tunnelClass('standard')],
    ['no class', undefined],
  ])('still follows the tunnel, with %s', (_what, klass) => {
    const { services, slices } = of(node, {
      tunnelClass: klass,
      node: moved,
      standing: { record, balancer },
    });
    expect(services.map(({ metadata }) => metadata.name)).toEqual(['tunnel-3-dns']);
    expect(annotation(services[0] as Service, 'hostname')[0]).toBe('wg3.vpn.example.com');
    expect(annotation(services[0] as Service, 'target')[0]).toBe('203.0.113.6');
    expect(slices?.[0]?.endpoints?.[0]?.nodeName).toBe('edge-2');
  });

  test('is not made again once it is gone', () => {
    expect(of({ host: 'vpn.example.com' }, { node: moved })).toEqual({ services: [], slices: [] });
  });

  test('stands beside what the mode asks for', () => {
    const { services, slices } = of({ mode: 'LoadBalancer' }, { standing: { record, balancer: undefined } });
    expect(services.map(({ metadata }) => metadata.name)).toEqual(['tunnel-3-dns', 'tunnel-3-lb']);
    expect(slices).toHaveLength(1);
  });
});

test('what a cloud adds to an object is no difference', () => {
  const desired = one({ mode: 'LoadBalancer' });
  const current: Service = {
    ...desired,
    metadata: {
      ...desired.metadata,
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
      annotations: { ...desired.metadata.annotations, 'cloud.example/id': '7' },
    },
    spec: {
      ...desired.spec,
      clusterIP: '10.96.0.7',
      ports: [{ ...PORTS[0], port: 51_823, nodePort: 30_007 } as { port: number }],
    },
    status: { loadBalancer: { ingress: [{ ip: '198.51.100.7' }] } },
  };
  expect(differs(current, desired)).toBe(false);
  expect(differs({ ...current, spec: { ...current.spec, externalTrafficPolicy: 'Cluster' } }, desired)).toBe(
    true,
  );
});
