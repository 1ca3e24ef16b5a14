import { classDeed } from '../generate/cast.ts';
import { type Found, world } from './history.ts';

export const TUNNELS: readonly Found[] = [
  {
    bug: 'a TenantTunnel made again under its name for another tenant: the first one kept its numbers for good',
    seed: 87,
    steps: [
      ...world,
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 100 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
    ],
  },
  {
    bug: 'the same before the first is handed over: after a restart its tunnel was, in the name of the other tenant',
    seed: 69,
    steps: [
      ...world,
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 13 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
    ],
  },
  {
    bug: 'the tenant that a TenantTunnel lost to another: it went on to say that its class does not exist',
    seed: 397,
    steps: [
      ...world,
      { do: 'apply', kind: 'tenanttunnels', key: 'b/acme', spec: {}, after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/acme', spec: { className: 'narrow' }, after: 100 },
    ],
    faults: { 'a1 create secrets system/ledger-tunnels #1': 'unsent' },
  },
  {
    bug: 'a tunnel refused for a pin outside of its class: once another was faster, it was refused for another pin',
    seed: 2589,
    steps: [
      ...world,
      {
        do: 'apply',
        kind: 'tenanttunnels',
        key: 'a/other',
        spec: { tenant: 'cora', subnet: '10.100.0.0/22', listenPort: 51_900 },
        after: 0,
      },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/beta', spec: {}, after: 36 },
    ],
  },
  {
    bug: 'a node that went and came back: its tunnels went on to say that they lie on none',
    seed: 2941,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme' }, after: 0 },
      { do: 'node', name: 'n1', state: 'gone', after: 100 },
      { do: 'node', name: 'n1', state: 'silent', after: 2000 },
    ],
  },
  {
    bug: 'a tunnel made by a leader that then died: the next one never counted it for its class',
    seed: 4552,
    steps: [
      { ...classDeed('standard', true), after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'b/r1', spec: { tenant: 'acme' }, after: 2000 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r4',
        spec: { tunnelRef: { name: 'acme', namespace: 'a' } },
        after: 100,
      },
    ],
  },
  {
    bug: 'a tunnel refused for its port: once another had its subnet too, a restart refused it for that',
    seed: 5337,
    steps: [
      { ...classDeed('standard', true), after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r2', spec: { tenant: 'acme' }, after: 0 },
      {
        do: 'apply',
        kind: 'tenanttunnels',
        key: 'a/other',
        spec: { tenant: 'dune', subnet: '10.100.4.0/22', listenPort: 51_820 },
        after: 46,
      },
      { do: 'apply', kind: 'routers', key: 'b/r1', spec: { tenant: 'beta' }, after: 2 },
    ],
  },
  {
    bug: 'a block that could not be removed at once when its tunnel was forgotten: classes and tunnels that wait heard nothing',
    seed: 11_815,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'a/r1', spec: { tenant: 'acme' }, after: 0 },
      { do: 'hold', key: 'a/r1', after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/acme', after: 42 },
      { do: 'renew', kind: 'routers', key: 'a/r1', after: 0 },
    ],
  },
  {
    bug: 'a leader whose cache did not show yet where a tunnel lies: it placed it on another node',
    seed: 21_029,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme' }, after: 100 },
      { do: 'duty', slot: 'A', duty: 'standby', after: 8 },
      { do: 'node', name: 'n2', state: 'alive', after: 430_284 },
      { do: 'weather', name: 'stale', after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
      { do: 'remove', plural: 'configmaps', key: 'gateways/tunnel-1-peers-1', after: 100 },
    ],
  },
  {
    bug: 'a tunnel let go before its last router: it was not forgotten for up to an hour after that',
    seed: 69,
    steps: [
      ...world,
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r3',
        spec: { tunnelRef: { name: 'other', namespace: 'a' } },
        after: 0,
      },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 100 },
      { do: 'nothing', after: 860_560 },
      { do: 'delete', kind: 'routers', key: 'a/r3', after: 0 },
    ],
  },
  {
    bug: 'a status of a TenantTunnel that was made again meanwhile: it went to the new one, of another tenant',
    seed: 78,
    steps: [
      ...world,
      { do: 'weather', name: 'uneven', after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 900 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 300 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 300 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
    ],
  },
  {
    bug: 'a Service of the name that is somebody else’s: after a restart it was waited for first, and then told again',
    seed: 400_001,
    steps: [
      { do: 'node', name: 'n1', state: 'alive', after: 0 },
      { ...classDeed('standard', true, { endpoint: { mode: 'LoadBalancer' } }), after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r3', spec: { tenant: 'beta' }, after: 0 },
      { do: 'unlabel', plural: 'services', key: 'gateways/tunnel-0-lb', after: 100 },
    ],
  },
  {
    bug: 'a tunnel that lies nowhere: only the next leader made its load balancer',
    seed: 400_001,
    steps: [
      {
        ...classDeed('standard', true, { endpoint: { mode: 'LoadBalancer', host: 'other.example.com' } }),
        after: 0,
      },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'acme' }, after: 0 },
    ],
  },
  {
    bug: 'a tunnel that was made besides the one that somebody wrote, and that no Router named any more: only the next leader removed it',
    seed: 100_680,
    steps: [
      ...world,
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'acme' }, after: 100 },
      { do: 'apply', kind: 'routers', key: 'a/r2', spec: { tenant: 'acme' }, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'acme' }, after: 0 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r3',
        spec: { tunnelRef: { name: 'acme', namespace: 'a' } },
        after: 0,
      },
      { do: 'delete', kind: 'routers', key: 'a/r3', after: 100 },
    ],
  },
];
