import type { TenantTunnel, TenantTunnelStatus } from '../../../src/api/index.ts';
import { type TunnelReport, tunnelStatus } from '../../../src/gateway/tunnel-status.ts';

const WALL = 1_800_000_000_000;
const object = (status: TenantTunnelStatus = {}) =>
  ({
    metadata: { namespace: 'acme', name: 'acme', uid: 'uid', generation: 4 },
    spec: {},
    status,
  }) as TenantTunnel;
const report = (fields: Partial<TunnelReport> = {}): TunnelReport => ({
  object: object(),
  nodeName: 'node-1',
  counts: { total: 2, connected: 1, online: 0 },
  lastHandshake: WALL / 1000 - 5,
  programmed: 'set',
  services: null,
  endpoint: null,
  wall: WALL,
  ...fields,
});
const broken = { reason: 'ProgrammingFailed', message: 'The node refused.' } as const;

describe('what is said of a tunnel', () => {
  test('is its counts, its latest handshake and whether its node has it', () => {
    expect(tunnelStatus(report())).toEqual({
      routers: { total: 2, connected: 1, online: 0 },
      lastHandshakeTime: '2027-01-15T07:59:55Z',
      conditions: [
        expect.objectContaining({
          type: 'Programmed',
          status: 'True',
          reason: 'Programmed',
          observedGeneration: 4,
        }),
      ],
    });
  });

  test('is nothing for a mere handshake', () => {
    const status = tunnelStatus(report()) ?? {};
    expect(tunnelStatus(report({ object: object(status), lastHandshake: WALL / 1000 }))).toBeUndefined();
  });

  test('changes with a count, with the time', () => {
    const status = tunnelStatus(report()) ?? {};
    const counts = { total: 2, connected: 2, online: 0 };
    const next = tunnelStatus(report({ object: object(status), counts, lastHandshake: WALL / 1000 }));
    expect(next).toMatchObject({ routers: counts, lastHandshakeTime: '2027-01-15T08:00:00Z' });
  });

  test('keeps the condition while nothing is known of the interface', () => {
    const status = tunnelStatus(report()) ?? {};
    expect(tunnelStatus(report({ object: object(status), programmed: 'unknown' }))).toBeUndefined();
    expect(tunnelStatus(report({ programmed: 'unknown' }))?.conditions).toEqual([]);
  });

  test('is a problem when there is one, and once', () => {
    const status = tunnelStatus(report({ programmed: broken })) ?? {};
    expect(status.conditions).toEqual([expect.objectContaining({ status: 'False', ...broken })]);
    expect(tunnelStatus(report({ object: object(status), programmed: broken }))).toBeUndefined();
  });

  test('has how far its routers are on their way to another endpoint, and afterwards that all are there', () => {
    const change = { to: 'new.example.com:51820', changed: 1, pending: 1, failed: 0, names: ['acme/b'] };
    const status = tunnelStatus(report({ endpoint: { change, isProven: true } })) ?? {};
    expect(status.endpointChange).toEqual(change);
    expect(status.conditions?.[1]).toMatchObject({ type: 'EndpointFollowed', reason: 'EndpointChanging' });
    const again = report({ object: object(status), endpoint: { change, isProven: true } });
    expect(tunnelStatus(again)).toBeUndefined();
    expect(tunnelStatus({ ...again, endpoint: 'unknown' })).toBeUndefined();
    const all = { to: change.to, changed: 2, pending: 0, failed: 0 };
    const through = tunnelStatus({ ...again, endpoint: { change: all, isProven: true } }) ?? {};
    expect(through).toMatchObject({ endpointChange: all });
    // The controller does not hand it over any more.
    const after = tunnelStatus(report({ object: object(through) })) ?? {};
    expect(after.endpointChange).toBeUndefined();
    expect(after.conditions?.[1]).toMatchObject({ status: 'True', reason: 'Followed' });
    expect(tunnelStatus(report({ object: object(after) }))).toBeUndefined();
  });

  test('has a condition of its services while there are some', () => {
    const services = { status: 'False', reason: 'NoEndpoints', message: 'ntp: none.' } as const;
    const status = tunnelStatus(report({ services })) ?? {};
    expect(status.conditions).toEqual([
      expect.objectContaining({ type: 'Programmed', status: 'True' }),
      expect.objectContaining({ type: 'ServicesReady', observedGeneration: 4, ...services }),
    ]);
    expect(tunnelStatus(report({ object: object(status), services }))).toBeUndefined();
    expect(tunnelStatus(report({ object: object(status), services: 'unknown' }))).toBeUndefined();
    const mended = { status: 'True', reason: 'ServicesReady', message: 'Routers reach ntp.' } as const;
    expect(tunnelStatus(report({ object: object(status), services: mended }))?.conditions).toEqual([
      expect.objectContaining({ type: 'Programmed' }),
      expect.objectContaining({ type: 'ServicesReady', ...mended }),
    ]);
    expect(tunnelStatus(report({ object: object(status), services: null }))?.conditions).toEqual([
      expect.objectContaining({ type: 'Programmed' }),
    ]);
  });
});
