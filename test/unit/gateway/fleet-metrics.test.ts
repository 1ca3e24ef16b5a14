import { Registry } from 'prom-client';
import { type Link, newLink } from '../../../src/gateway/connectivity.ts';
import { desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { Fleet, type Tunnel } from '../../../src/gateway/fleet.ts';
import { type FleetFacts, nodeMetrics, tunnelMetrics } from '../../../src/gateway/fleet-metrics.ts';
import { routerMetrics } from '../../../src/gateway/router-metrics.ts';
import { registerScraped } from '../../../src/process/index.ts';
import { handover, objectsOf, peerAt, tunnelObject } from './fixtures.ts';

const NOW = 100_000;
const peers = [peerAt(1), peerAt(2), peerAt(3)];
const fresh = newLink({ wall: NOW, monotonic: NOW });
const LINKS: Link[] = [
  { ...fresh, state: 'Connected', lastHandshake: 1_700_000_100, arrivals: 2 },
  { ...fresh, state: 'Offline', lastHandshake: 1_700_000_000, arrivals: 1 },
  fresh,
];

function world(most = 100) {
  const fleet = new Fleet();
  const tunnel = fleet.ensure('wg3');
  fleet.update(tunnel, desiredTunnel(3, objectsOf(peers), new TunnelMemory()), () => fresh);
  peers.forEach(({ publicKey }, at) => {
    tunnel.links.set(publicKey, LINKS[at] ?? fresh);
  });
  tunnel.traffic.set(peers[0]?.publicKey ?? '', { rx: 10, tx: 20 });
  Object.assign(tunnel.totals, { rx: 30, tx: 40, connected: 5, offline: 3 });
  const sidecar = { isUp: true, isStandby: false };
  const facts: FleetFacts = {
    fleet,
    sidecar,
    isOnline: (key) => key === 'acme/router-1',
    monotonic: () => NOW,
    longestWaitMs: () => 500,
  };
  const registry = new Registry();
  registerScraped(registry, [...nodeMetrics(facts), ...tunnelMetrics(facts), ...routerMetrics(facts, most)]);
  const samples = async (start: string): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(start));
  return { fleet, tunnel, sidecar, samples };
}

const given = (tunnel: Tunnel): void => {
  const own = tunnel.desired.interface;
  if (own === undefined) throw new Error('The tunnel has no interface.');
  tunnel.given = { interface: own, peers: new Map(), turned: new Set() };
};

test('a tunnel is told with its routers by state, its bytes and its transitions', async () => {
  const { samples } = world();
  const labels = 'namespace="acme",tunnel="acme"';
  expect(await samples('tto_tunnel_')).toEqual([
    `tto_tunnel_programmed{${labels}} 0`,
    `tto_tunnel_routers{${labels},state="awaiting"} 1`,
    `tto_tunnel_routers{${labels},state="connected"} 1`,
    `tto_tunnel_routers{${labels},state="offline"} 1`,
    `tto_tunnel_routers_online{${labels}} 1`,
    `tto_tunnel_last_handshake_timestamp_seconds{${labels}} 1700000100`,
    `tto_tunnel_transitions_total{${labels},to="connected"} 5`,
    `tto_tunnel_transitions_total{${labels},to="offline"} 3`,
    `tto_tunnel_received_bytes_total{${labels}} 30`,
    `tto_tunnel_sent_bytes_total{${labels}} 40`,
  ]);
});

test('a tunnel is programmed once it was given and has no problem', async () => {
  const { tunnel, samples } = world();
  given(tunnel);
  expect(await samples('tto_tunnel_programmed')).toEqual([expect.stringMatching(/ 1$/)]);
  tunnel.problemSince = NOW;
  expect(await samples('tto_tunnel_programmed')).toEqual([expect.stringMatching(/ 0$/)]);
  expect(await samples('tto_gateway_tunnels_failing')).toEqual(['tto_gateway_tunnels_failing 1']);
});

test('the lag is that of the oldest change, in a queue or in work', async () => {
  const { tunnel, samples } = world();
  expect(await samples('tto_gateway_sync_lag')).toEqual(['tto_gateway_sync_lag_seconds 0.5']);
  tunnel.behindSince = NOW - 7_000;
  expect(await samples('tto_gateway_sync_lag')).toEqual(['tto_gateway_sync_lag_seconds 7']);
});

test('each router has its series', async () => {
  const { samples } = world();
  expect(await samples('tto_router_')).toEqual([
    'tto_router_connected{namespace="acme",router="router-1"} 1',
    'tto_router_connected{namespace="acme",router="router-2"} 0',
    'tto_router_connected{namespace="acme",router="router-3"} 0',
    'tto_router_online{namespace="acme",router="router-1"} 1',
    'tto_router_online{namespace="acme",router="router-2"} 0',
    'tto_router_online{namespace="acme",router="router-3"} 0',
    'tto_router_last_handshake_timestamp_seconds{namespace="acme",router="router-1"} 1700000100',
    'tto_router_last_handshake_timestamp_seconds{namespace="acme",router="router-2"} 1700000000',
    'tto_router_connections_total{namespace="acme",router="router-1"} 2',
    'tto_router_connections_total{namespace="acme",router="router-2"} 1',
    'tto_router_connections_total{namespace="acme",router="router-3"} 0',
    'tto_router_received_bytes_total{namespace="acme",router="router-1"} 10',
    'tto_router_sent_bytes_total{namespace="acme",router="router-1"} 20',
  ]);
});

test.each([
  [0, 0, 3],
  [2, 2, 1],
  [3, 3, 0],
])(
  'with a bound of %i, %i routers have series and %i are told to have none',
  async (most, shown, omitted) => {
    const { samples } = world(most);
    expect(await samples('tto_router_connected')).toHaveLength(shown);
    expect(await samples('tto_gateway_router_series_omitted')).toEqual([
      `tto_gateway_router_series_omitted ${omitted}`,
    ]);
  },
);

test('a standby tells nothing of tunnels that another one has', async () => {
  const { sidecar, samples } = world();
  Object.assign(sidecar, { isUp: false, isStandby: true });
  expect(await samples('tto_tunnel_')).toEqual([]);
  expect(await samples('tto_router_')).toEqual([]);
  expect(await samples('tto_gateway_')).toEqual([
    'tto_gateway_sidecar_up 1',
    'tto_gateway_tunnels 0',
    'tto_gateway_tunnels_failing 0',
    'tto_gateway_peers 0',
    'tto_gateway_sync_lag_seconds 0.5',
    'tto_gateway_router_series_omitted 0',
  ]);
  sidecar.isStandby = false;
  // It merely does not answer: what was last known stands.
  expect(await samples('tto_tunnel_routers_online')).toHaveLength(1);
  expect(await samples('tto_gateway_sidecar_up')).toEqual(['tto_gateway_sidecar_up 0']);
});

test('no series comes twice, though one TenantTunnel has two interfaces and one Router two peers', async () => {
  const { fleet, samples } = world();
  const again = { ...handover, index: 4, interfaceName: 'wg4', listenPort: 51_824 };
  const moved = peers.map((peer) => peerAt(9, { name: peer.name, publicKey: peerAt(9).publicKey }));
  const objects = { ...objectsOf(moved.slice(0, 1)), tunnel: tunnelObject(again) };
  fleet.update(fleet.ensure('wg4'), desiredTunnel(4, objects, new TunnelMemory()), () => fresh);
  expect(fleet.size).toBe(2);
  for (const start of ['tto_tunnel_routers_online', 'tto_router_connected']) {
    const names = (await samples(start)).map((line) => line.split(' ')[0]);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
  }
});
