/** A series for each router, of as many as are asked for: six for each, so not for everybody. */
import { type ScrapedMetric, scrapedGauge } from '../process/index.ts';
import type { Link } from './connectivity.ts';
import { type Fleet, routerKey, type Traffic } from './fleet.ts';
import type { FleetFacts } from './fleet-metrics.ts';
import type { DesiredPeer } from './handover-block.ts';

interface Seen {
  peer: DesiredPeer['router'];
  link: Link;
  traffic: Traffic | undefined;
}

/** @param most routers that have series; one more has none, and a gauge says so */
export function routerMetrics(facts: FleetFacts, most: number): ScrapedMetric[] {
  const { fleet, sidecar, isOnline } = facts;
  const metric = (
    name: string,
    type: ScrapedMetric['type'],
    help: string,
    value: (seen: Seen) => number | undefined,
  ): ScrapedMetric => ({
    name,
    type,
    help,
    labelNames: ['namespace', 'router'],
    *series() {
      if (most === 0 || sidecar.isStandby) return;
      let shown = 0;
      for (const seen of routersOf(fleet)) {
        shown += 1;
        if (shown > most) return;
        const now = value(seen);
        if (now !== undefined) yield [[seen.peer.namespace, seen.peer.name], now];
      }
    },
  });
  return [
    metric('tto_router_connected', 'gauge', '1 while a router has a handshake lately, else 0.', ({ link }) =>
      Number(link.state === 'Connected'),
    ),
    metric('tto_router_online', 'gauge', '1 while a router is connected and configured, else 0.', (seen) =>
      Number(seen.link.state === 'Connected' && isOnline(routerKey(seen.peer))),
    ),
    metric(
      'tto_router_last_handshake_timestamp_seconds',
      'gauge',
      'Unix time of the latest handshake of a router.',
      ({ link }) => (link.lastHandshake > 0 ? link.lastHandshake : undefined),
    ),
    metric(
      'tto_router_connections_total',
      'counter',
      'How often a router was seen to become connected, since the agent started.',
      ({ link }) => link.arrivals,
    ),
    metric(
      'tto_router_received_bytes_total',
      'counter',
      "Bytes received from a router since its tunnel's interface was made.",
      ({ traffic }) => traffic?.rx,
    ),
    metric(
      'tto_router_sent_bytes_total',
      'counter',
      "Bytes sent to a router since its tunnel's interface was made.",
      ({ traffic }) => traffic?.tx,
    ),
    scrapedGauge(
      'tto_gateway_router_series_omitted',
      'Routers of this node without series of their own, because there are more than --router-series.',
      () => {
        let all = 0;
        if (!sidecar.isStandby) for (const { links } of fleet.tunnels()) all += links.size;
        return Math.max(0, all - most);
      },
    ),
  ];
}

/** Each once: of two peers of one Router, as while it changes its key, the one that it is known by. */
function* routersOf(fleet: Fleet): Iterable<Seen> {
  for (const { links, desired, traffic } of fleet.tunnels()) {
    for (const [publicKey, link] of links) {
      const peer = desired.peers.get(publicKey)?.router;
      if (peer === undefined || fleet.place(routerKey(peer))?.peer.router.publicKey !== publicKey) continue;
      yield { peer, link, traffic: traffic.get(publicKey) };
    }
  }
}
