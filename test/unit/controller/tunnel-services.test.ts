import type { TenantTunnel, TunnelClass } from '../../../src/api/index.ts';
import { servicesOf } from '../../../src/controller/tunnel-services.ts';

type Shared = { namespace: string; name?: string }[];
const tunnel = (...services: object[]) =>
  ({ metadata: { namespace: 'acme', name: 'acme' }, spec: { services } }) as unknown as TenantTunnel;
const classOf = (shared?: Shared, more = {}) =>
  ({
    metadata: { name: 'edge' },
    spec: { services: { ...(shared === undefined ? {} : { shared }), ...more } },
  }) as unknown as TunnelClass;
const naming = (namespace: string | undefined, name = 'freeradius') => ({
  name: 'radius-auth',
  protocol: 'UDP',
  port: 1812,
  service: { name, port: 1812, ...(namespace === undefined ? {} : { namespace }) },
});
const refused = (namespace: string | undefined, shared?: Shared, name?: string): string | undefined =>
  servicesOf(tunnel(naming(namespace, name)), classOf(shared)).services?.[0]?.refused;

describe('the services that are handed over', () => {
  test('are nothing where none is named, so that an upgrade writes nothing', () => {
    expect(servicesOf(tunnel(), classOf([{ namespace: 'aaa' }], { packetsPerSecond: 5 }))).toEqual({});
    expect(servicesOf({ metadata: { namespace: 'acme' }, spec: {} } as TenantTunnel, classOf())).toEqual({});
  });

  test('have the namespace of the TenantTunnel unless they name another', () => {
    expect(
      servicesOf(tunnel({ ...naming(undefined), proxyProtocol: true }), classOf([], { packetsPerSecond: 9 })),
    ).toEqual({
      services: [
        {
          name: 'radius-auth',
          protocol: 'UDP',
          port: 1812,
          service: { namespace: 'acme', name: 'freeradius', port: 1812 },
          proxyProtocol: true,
        },
      ],
      servicePacketsPerSecond: 9,
    });
    expect(refused('acme')).toBeUndefined();
  });

  test('of another namespace are refused unless the class shares them', () => {
    expect(refused('aaa')).toBe(
      'Service aaa/freeradius is not of namespace acme, and TunnelClass edge does not share it; name one of acme, or add it to spec.services.shared of the class.',
    );
    expect(refused('aaa', [{ namespace: 'bbb' }])).toBeDefined();
    expect(refused('aaa', [{ namespace: 'aaa', name: 'other' }])).toBeDefined();
    expect(refused('aaa', [{ namespace: 'aaa', name: 'freeradius' }])).toBeUndefined();
    expect(refused('aaa', [{ namespace: 'aaa' }])).toBeUndefined();
    const plain = { metadata: { name: 'edge' }, spec: {} } as TunnelClass;
    expect(servicesOf(tunnel(naming('aaa')), plain).services?.[0]?.refused).toBeDefined();
  });

  test('are never the API server, whoever shares what', () => {
    expect(refused('default', [{ namespace: 'default' }], 'kubernetes')).toMatch(/is the API server/);
    const own = {
      metadata: { namespace: 'default', name: 'x' },
      spec: { services: [naming(undefined, 'kubernetes')] },
    };
    expect(servicesOf(own as unknown as TenantTunnel, classOf()).services?.[0]?.refused).toMatch(
      /API server/,
    );
  });
});
