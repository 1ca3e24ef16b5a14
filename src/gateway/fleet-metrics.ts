/** What the agent knows of its node and of each tunnel on it, read from the fleet when somebody asks. */
import { type ScrapedMetric, type Series, scrapedGauge } from '../process/index.ts';
import type { Connectivity } from './connectivity.ts';
import { type Fleet, routerKey, type Tunnel } from './fleet.ts';

export interface FleetFacts {
  fleet: Fleet;
  /** Whether the sidecar answers, and whether another one has the node: then nothing is told of tunnels. */
  sidecar: { isUp: boolean; isStandby: boolean };
  /** A Router `namespace/name` by the phase of its status. */
  isOnline: (router: string) => boolean;
  /** Monotonic ms. */
  monotonic: () => number;
  /** How long the oldest change of a tunnel has been waiting for its turn, ms. */
  longestWaitMs: () => number;
}

const LABELS = ['namespace', 'tunnel'];

export function nodeMetrics({ fleet, sidecar, monotonic, longestWaitMs }: FleetFacts): ScrapedMetric[] {
  const own = (): Iterable<Tunnel> => (sidecar.isStandby ? [] : fleet.tunnels());
  const count = (value: (tunnel: Tunnel) => number) => (): number =>
    [...own()].reduce((sum, tunnel) => sum + value(tunnel), 0);
  return [
    scrapedGauge('tto_gateway_sidecar_up', '1 while the WireGuard sidecar answers, also as a standby.', () =>
      Number(sidecar.isUp || sidecar.isStandby),
    ),
    scrapedGauge(
      'tto_gateway_tunnels',
      'Tunnels of this node.',
      count(() => 1),
    ),
    scrapedGauge(
      'tto_gateway_tunnels_failing',
      'Tunnels of this node that are not as they should be.',
      count(({ problemSince }) => Number(problemSince !== undefined)),
    ),
    scrapedGauge(
      'tto_gateway_peers',
      'Peers of all tunnels of this node.',
      count(({ desired }) => desired.peers.size),
    ),
    scrapedGauge(
      'tto_gateway_sync_lag_seconds',
      'How long the oldest change that the node does not have yet has been waiting to be there.',
      () => {
        const now = monotonic();
        const lags = [...own()].map(({ behindSince = now }) => now - behindSince);
        return Math.max(0, longestWaitMs(), ...lags) / 1000;
      },
    ),
  ];
}

export function tunnelMetrics({ fleet, sidecar, isOnline }: FleetFacts): ScrapedMetric[] {
  const each = (series: (tunnel: Tunnel) => Iterable<Series>) =>
    function* (): Iterable<Series> {
      if (sidecar.isStandby) return;
      for (const tunnel of fleet.tunnels()) {
        const owner = tunnel.desired.handover?.tenantTunnel;
        // Of two interfaces of one TenantTunnel, one is about to be removed.
        if (owner === undefined || fleet.ownedBy(routerKey(owner)) !== tunnel) continue;
        for (const [labels, value] of series(tunnel)) yield [[owner.namespace, owner.name, ...labels], value];
      }
    };
  const metric = (
    name: string,
    type: ScrapedMetric['type'],
    help: string,
    value: (tunnel: Tunnel) => number | undefined,
  ): ScrapedMetric => ({
    name,
    type,
    help,
    labelNames: LABELS,
    series: each(function* (tunnel) {
      const now = value(tunnel);
      if (now !== undefined) yield [[], now];
    }),
  });
  return [
    metric(
      'tto_tunnel_programmed',
      'gauge',
      '1 while the node has the tunnel as it should be, else 0.',
      ({ given, problemSince }) => Number(given !== undefined && problemSince === undefined),
    ),
    {
      name: 'tto_tunnel_routers',
      type: 'gauge',
      help: 'Routers of a tunnel by state: awaiting (never connected), connected (a handshake lately) or offline.',
      labelNames: [...LABELS, 'state'],
      series: each(function* ({ links }) {
        const counts: Record<Connectivity, number> = { Awaiting: 0, Connected: 0, Offline: 0 };
        for (const { state } of links.values()) counts[state] += 1;
        for (const [state, count] of Object.entries(counts)) yield [[state.toLowerCase()], count];
      }),
    },
    metric(
      'tto_tunnel_routers_online',
      'gauge',
      'Routers of a tunnel that are connected and configured.',
      (tunnel) => onlineOf(tunnel, isOnline),
    ),
    metric(
      'tto_tunnel_last_handshake_timestamp_seconds',
      'gauge',
      'Unix time of the latest handshake of any router of a tunnel.',
      latestHandshake,
    ),
    {
      name: 'tto_tunnel_transitions_total',
      type: 'counter',
      help: 'How often a router of a tunnel was seen to become connected or offline, since the agent started.',
      labelNames: [...LABELS, 'to'],
      series: each(function* ({ totals }) {
        yield [['connected'], totals.connected];
        yield [['offline'], totals.offline];
      }),
    },
    metric(
      'tto_tunnel_received_bytes_total',
      'counter',
      'Bytes received from the routers of a tunnel since the agent started.',
      ({ totals }) => totals.rx,
    ),
    metric(
      'tto_tunnel_sent_bytes_total',
      'counter',
      'Bytes sent to the routers of a tunnel since the agent started.',
      ({ totals }) => totals.tx,
    ),
  ];
}

function onlineOf({ links, desired }: Tunnel, isOnline: FleetFacts['isOnline']): number {
  let online = 0;
  for (const [publicKey, { state }] of links) {
    const router = desired.peers.get(publicKey)?.router;
    if (state === 'Connected' && router !== undefined && isOnline(routerKey(router))) online += 1;
  }
  return online;
}

function latestHandshake({ links }: Tunnel): number | undefined {
  let latest = 0;
  for (const { lastHandshake } of links.values()) latest = Math.max(latest, lastHandshake);
  return latest > 0 ? latest : undefined;
}
