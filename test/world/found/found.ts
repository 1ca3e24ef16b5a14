import { classDeed, KEYS } from '../generate/cast.ts';
import type { Step } from '../steps.ts';
import type { Fault } from '../weather.ts';

/** A history that once broke an invariant, made small, and why it did. */
export interface Found {
  bug: string;
  /** Of the history that it was made from. */
  seed: number;
  steps: readonly Step[];
  faults?: Readonly<Record<string, Fault>>;
}

const world: readonly Step[] = [
  { do: 'node', name: 'n1', state: 'alive', after: 0 },
  { ...classDeed('standard', true), after: 0 },
  { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
];

export const FOUND: readonly Found[] = [
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
    bug: 'a Router deleted while the class of its tunnel was gone: agents waited for its block and kept its peer',
    seed: 420,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'a/r3', spec: { tenant: 'cora' }, after: 0 },
      { do: 'delete', kind: 'tunnelclasses', key: 'standard', after: 100 },
      { do: 'delete', kind: 'routers', key: 'a/r3', after: 0 },
    ],
  },
  {
    bug: 'a ledger write whose answer was lost and that only the watch told of: nobody handed the router over',
    seed: 102,
    steps: [
      ...world,
      { do: 'weather', name: 'stormy', after: 0 },
      { do: 'kill', slot: 'A', after: 0 },
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme' }, after: 0 },
      { do: 'nothing', after: 12_369 },
    ],
    faults: {
      'a2 watch secrets #1': 'late',
      'a2 create secrets system/ledger-tunnel-0-block-1 #1': 'lost',
      'a2 get secrets system/ledger-tunnel-0-block-1 #1': 'late',
    },
  },
  {
    bug: 'a Router made again in another tunnel: a leader with an old cache took the new one away what it was given',
    seed: 459,
    steps: [
      ...world,
      { do: 'weather', name: 'stale', after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/acme', spec: {}, after: 100 },
      { do: 'apply', kind: 'routers', key: 'a/r3', spec: { tenant: 'cora' }, after: 0 },
      { do: 'delete', kind: 'routers', key: 'a/r3', after: 0 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r3',
        spec: { tunnelRef: { name: 'acme', namespace: 'a' } },
        after: 0,
      },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'nothing', after: 100 },
    ],
  },
  {
    bug: 'a Router made again for another tenant and refused there: the one before kept its peer and its claim',
    seed: 684,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'beta' }, after: 0 },
      { do: 'weather', name: 'stale', after: 0 },
      { do: 'delete', kind: 'routers', key: 'b/r5', after: 100 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'b/r5',
        spec: { tenant: 'acme', address: '10.100.0.9' },
        after: 0,
      },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/beta', spec: {}, after: 0 },
    ],
  },
  {
    bug: 'the same where the tunnel that it now refers to is itself refused',
    seed: 687,
    steps: [
      { do: 'node', name: 'n1', state: 'alive', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'weather', name: 'lagging', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'acme' }, after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'b/acme', spec: {}, after: 100 },
      {
        do: 'apply',
        kind: 'tenanttunnels',
        key: 'a/other',
        spec: { tenant: 'dune', subnet: '10.100.0.0/22' },
        after: 0,
      },
      { do: 'delete', kind: 'routers', key: 'a/r4', after: 0 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r4',
        spec: { tunnelRef: { name: 'other', namespace: 'a' } },
        after: 0,
      },
    ],
  },
  {
    bug: 'a Router released by a leader that then died: the next one never forgot its secrets',
    seed: 1301,
    steps: [
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r2', spec: { tenant: 'beta' }, after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'delete', kind: 'routers', key: 'a/r2', after: 21 },
      { do: 'nothing', after: 100 },
    ],
    faults: {
      'a2 get routers a/r2 #1': 'lost',
      'a2 get routers a/r2 #2': 'lost',
      'a2 get routers a/r2 #3': 'late',
    },
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
    bug: 'a Router deleted while its tunnel lay on no node: its peer and log-in stayed when the tunnel was placed anew',
    seed: 2942,
    steps: [
      { do: 'node', name: 'n1', state: 'alive', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme' }, after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'node', name: 'n1', state: 'gone', after: 100 },
      { do: 'delete', kind: 'routers', key: 'b/r5', after: 0 },
      { do: 'duty', slot: 'B', duty: 'standby', after: 100 },
      { do: 'node', name: 'n2', state: 'alive', after: 0 },
    ],
  },
  {
    bug: 'a Router made again while the node of its tunnel was away: it was not handed over when the node came back',
    seed: 4528,
    steps: [
      { do: 'node', name: 'n1', state: 'alive', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme' }, after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/beta', spec: {}, after: 100 },
      { do: 'renew', kind: 'routers', key: 'b/r5', after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'node', name: 'n1', state: 'gone', after: 0 },
      { do: 'weather', name: 'lagging', after: 0 },
      { do: 'node', name: 'n1', state: 'troubled', after: 100 },
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
    bug: 'a claim for a Router that has since been made again elsewhere came late, and took away what that was given',
    seed: 5092,
    steps: [
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'duty', slot: 'A', duty: 'standby', after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r3', spec: { tenant: 'acme' }, after: 0 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'acme' }, after: 100 },
      { do: 'delete', kind: 'routers', key: 'a/r4', after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'beta' }, after: 0 },
      { do: 'nothing', after: 100 },
    ],
    faults: { 'a3 update secrets system/ledger-tunnel-0-block-1 #1': 'late' },
  },
  {
    bug: 'a Router deleted while the heir of its tunnel was refused: agents waited for its block and kept its peer',
    seed: 5284,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'a/r1', spec: { tenant: 'acme' }, after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'b/acme', spec: { listenPort: 51_900 }, after: 43 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/acme', after: 0 },
      { do: 'delete', kind: 'routers', key: 'a/r1', after: 0 },
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
    bug: 'a deleted Router released by a leader long after it had looked: the one made again in between lost its record',
    seed: 7573,
    steps: [
      { ...classDeed('standard', true), after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r1', spec: { tenant: 'acme' }, after: 0 },
      { do: 'duty', slot: 'A', duty: 'standby', after: 0 },
      { do: 'duty', slot: 'B', duty: 'lead', after: 0 },
      { do: 'delete', kind: 'routers', key: 'a/r1', after: 100 },
      { do: 'apply', kind: 'routers', key: 'a/r2', spec: { tenant: 'acme' }, after: 20_469 },
      { do: 'duty', slot: 'A', duty: 'lead', after: 8880 },
      { do: 'apply', kind: 'routers', key: 'a/r1', spec: { tenant: 'acme' }, after: 3858 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'acme' }, after: 2000 },
      { do: 'nothing', after: 2000 },
    ],
    faults: {
      'b2 get routers a/r1 #1': 'late',
      'b2 update secrets system/ledger-tunnel-0-block-1 #1': 'late',
    },
  },
  {
    bug: 'three Routers with one key: who has it, by the status of one, depended on the order of a cache',
    seed: 11_084,
    steps: [
      ...world,
      { do: 'apply', kind: 'routers', key: 'a/r3', spec: { tenant: 'acme', publicKey: KEYS[0] }, after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r4', spec: { tenant: 'acme', publicKey: KEYS[0] }, after: 0 },
      { do: 'apply', kind: 'routers', key: 'a/r1', spec: { tenant: 'acme', publicKey: KEYS[0] }, after: 0 },
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
    bug: 'a Router refused for its address whose key became sure later: it was handed over by the next restart only',
    seed: 11_118,
    steps: [
      { do: 'node', name: 'n1', state: 'alive', after: 0 },
      { ...classDeed('standard', true), after: 0 },
      { do: 'duty', slot: 'A', duty: 'standby', after: 0 },
      { do: 'apply', kind: 'routers', key: 'b/r5', spec: { tenant: 'acme', publicKey: KEYS[1] }, after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'dune' }, after: 0 },
      { do: 'weather', name: 'stale', after: 0 },
      {
        do: 'apply',
        kind: 'routers',
        key: 'b/r5',
        spec: { tenant: 'acme', address: '10.100.0.9' },
        after: 100,
      },
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      { do: 'weather', name: 'calm', after: 34 },
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
    bug: "a Router whose TenantTunnel became another tenant's: it went on to tell the address that was let go",
    seed: 70,
    steps: [
      ...world,
      {
        do: 'apply',
        kind: 'routers',
        key: 'a/r3',
        spec: { tunnelRef: { name: 'other', namespace: 'a' } },
        after: 0,
      },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'cora' }, after: 0 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/acme', spec: {}, after: 0 },
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other', after: 100 },
      { do: 'apply', kind: 'tenanttunnels', key: 'a/other', spec: { tenant: 'acme' }, after: 0 },
      { do: 'duty', slot: 'A', duty: 'standby', after: 0 },
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
    bug: 'of two profiles applied together that refer to Secrets, the second was never looked at',
    seed: 2879,
    steps: [
      { do: 'duty', slot: 'A', duty: 'lead', after: 0 },
      ...['a/q', 'a/p'].map(
        (key, at): Step => ({
          do: 'apply',
          kind: 'routerprofiles',
          key,
          spec: {
            resources: [{ path: '/ip/dns', set: { servers: '10.0.0.1' } }],
            values: [{ name: 'radius', secretKeyRef: { name: 'radius', key: 'other' } }],
          },
          after: at === 0 ? 100 : 0,
        }),
      ),
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
