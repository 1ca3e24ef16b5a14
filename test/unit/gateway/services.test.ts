import type { ServiceHandover, TunnelHandover } from '../../../src/api/index.ts';
import { readServices } from '../../../src/gateway/services/read-services.ts';
import { resolveService } from '../../../src/gateway/services/resolve.ts';
import { verdictOn } from '../../../src/gateway/services/verdict.ts';
import type { EndpointSlice, Service } from '../../../src/kube/index.ts';
import { handover } from './fixtures.ts';

const RADIUS: ServiceHandover = {
  name: 'radius-auth',
  protocol: 'UDP',
  port: 1812,
  service: { namespace: 'acme', name: 'freeradius', port: 1812 },
};
const service = (spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'acme', name: 'freeradius' },
  ...(spec === undefined ? {} : { spec }),
});
const BOTH = service({
  ports: [
    { name: 'auth', protocol: 'UDP', port: 1812 },
    { name: 'web', port: 80 },
  ],
});
const slice = (
  endpoints: EndpointSlice['endpoints'],
  {
    addressType = 'IPv4',
    ports = [{ name: 'auth', protocol: 'UDP', port: 11_812 }],
  }: Partial<EndpointSlice> = {},
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'acme', name: 'freeradius-1' },
  addressType,
  ports,
  ...(endpoints === undefined ? {} : { endpoints }),
});
const at = (address: string, conditions = {}, targetRef?: object) => ({
  addresses: [address],
  conditions,
  ...(targetRef === undefined ? {} : { targetRef }),
});
const resolve = (...slices: EndpointSlice[]) => resolveService(RADIUS, { service: BOTH, slices });

describe('a service of a tunnel', () => {
  test("has the endpoints of the Service's port, by its name, in all slices", () => {
    const found = resolve(
      slice([at('10.244.0.9'), at('10.244.0.7', { ready: true })]),
      slice([at('10.244.1.1')]),
      slice([at('10.244.9.9')], { ports: [{ name: 'web', protocol: 'TCP', port: 8080 }] }),
    );
    expect(found).toEqual({ endpoints: ['10.244.0.7:11812', '10.244.0.9:11812', '10.244.1.1:11812'] });
  });

  test('of one port without a name has those of the port without a name', () => {
    const unnamed = service({ ports: [{ protocol: 'UDP', port: 1812 }] });
    const slices = [slice([at('10.244.0.7')], { ports: [{ name: '', protocol: 'UDP', port: 1812 }] })];
    expect(resolveService(RADIUS, { service: unnamed, slices })).toEqual({ endpoints: ['10.244.0.7:1812'] });
  });

  test('takes what is ready; where nothing is, what still serves while it ends', () => {
    const ending = at('10.244.0.7', { ready: false, serving: true, terminating: true });
    const starting = at('10.244.0.8', { ready: false, serving: false });
    expect(resolve(slice([ending, starting, at('10.244.0.9')]))).toEqual({ endpoints: ['10.244.0.9:11812'] });
    expect(resolve(slice([ending, starting]))).toEqual({ endpoints: ['10.244.0.7:11812'] });
    expect(resolve(slice([starting]))).toEqual({
      endpoints: [],
      problem: {
        reason: 'NoEndpoints',
        message: 'Service acme/freeradius has no endpoint that is ready for UDP port 1812; look at its pods.',
      },
    });
  });

  test('takes IPv6 where there is no IPv4, and never names', () => {
    const v6 = slice([at('fd00::7')], { addressType: 'IPv6' });
    expect(resolve(v6).endpoints).toEqual(['[fd00::7]:11812']);
    expect(resolve(v6, slice([at('10.244.0.7')])).endpoints).toEqual(['10.244.0.7:11812']);
    expect(resolve(slice([at('radius.example.com')], { addressType: 'FQDN' })).endpoints).toEqual([]);
  });

  test('does not go where no service can be, nor to pods of another namespace', () => {
    const found = resolve(
      slice([
        at('127.0.0.1'),
        at('169.254.169.254'),
        at('10.244.0.7', {}, { kind: 'Pod', namespace: 'globex', name: 'x' }),
        at('10.244.0.8', {}, { kind: 'Pod', namespace: 'acme', name: 'x' }),
      ]),
    );
    expect(found.endpoints).toEqual(['10.244.0.8:11812']);
  });

  test('has at most as many endpoints as the sidecar takes', () => {
    const many = Array.from({ length: 300 }, (_, n) => at(`10.244.${Math.floor(n / 200)}.${1 + (n % 200)}`));
    expect(resolve(slice(many)).endpoints).toHaveLength(128);
  });

  test('that cannot be had is not opened, and says why', () => {
    const problem = (found: Service | undefined) => {
      const { endpoints, problem: what } = resolveService(RADIUS, { service: found, slices: [] });
      expect(endpoints).toBeUndefined();
      return [what?.reason, what?.message];
    };
    expect(problem(undefined)).toEqual([
      'ServiceNotFound',
      'Service acme/freeradius does not exist; create it, or correct spec.services.',
    ]);
    expect(problem(service({ type: 'ExternalName' }))).toEqual([
      'ServiceUnusable',
      expect.stringContaining('ExternalName'),
    ]);
    expect(problem(service({ ports: [{ port: 1812 }, { protocol: 'UDP', port: 1813 }] }))).toEqual([
      'ServiceUnusable',
      'Service acme/freeradius has no UDP port 1812; it has TCP 1812, UDP 1813.',
    ]);
  });
});

describe('what is said of the services', () => {
  const problem = (name: string) => ({
    name,
    problem: { reason: 'NoEndpoints', message: `${name} has none.` } as const,
  });

  test('is nothing, all well, or each thing that is wrong', () => {
    expect(verdictOn([], [])).toBeNull();
    expect(verdictOn(['ntp', 'syslog'], [])).toMatchObject({
      status: 'True',
      message: 'Routers reach ntp, syslog.',
    });
    expect(verdictOn(['ntp', 'syslog'], [problem('ntp'), problem('syslog')])).toEqual({
      status: 'False',
      reason: 'NoEndpoints',
      message: 'ntp: ntp has none. syslog: syslog has none.',
    });
  });

  test('is bounded', () => {
    const names = Array.from({ length: 32 }, (_, n) => `${'x'.repeat(60)}${n}`);
    expect(verdictOn(names, [])?.message.length).toBeLessThanOrEqual(1024);
    expect(verdictOn(names, names.map(problem))?.message).toMatch(/And 27 more\.$/);
  });
});

describe('the services in a ConfigMap', () => {
  const read = (services: unknown) => readServices({ ...handover, services } as TunnelHandover);

  test('are read, absent ones as none', () => {
    expect(read([RADIUS])).toEqual({ ok: true, value: [RADIUS] });
    expect(readServices(handover)).toEqual({ ok: true, value: [] });
  });

  test('are refused when somebody has made something else of them', () => {
    const wrong = [
      'x',
      null,
      [null],
      [{ ...RADIUS, protocol: 'ICMP' }],
      [{ ...RADIUS, port: '1812' }],
      [{ ...RADIUS, service: { ...RADIUS.service, name: '../../secrets' } }],
      [{ ...RADIUS, service: { ...RADIUS.service, namespace: 'a,b' } }],
      Array(33).fill(RADIUS),
    ];
    for (const services of wrong) expect(read(services)).toMatchObject({ ok: false });
  });
});
