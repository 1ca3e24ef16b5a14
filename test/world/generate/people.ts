/** What people do, and pipelines. */
import type { Deed } from '../steps.ts';
import {
  ADDRESSES,
  classDeed,
  KEYS,
  NETWORKS,
  PORTS,
  ROUTERS,
  remove,
  router,
  SUBNETS,
  TUNNELS,
  tunnel,
} from './cast.ts';
import type { Topic } from './topic.ts';

export const PEOPLE: readonly Topic[] = [
  {
    name: 'moves',
    share: 0.35,
    weight: 3,
    deeds: (draw) => {
      const gone = remove(draw, 'routers');
      return [gone, ...(draw.chance(0.3) ? [] : [router(draw, {}, 'key' in gone ? gone.key : undefined)])];
    },
  },
  {
    name: 'tenants that change hands',
    share: 0.2,
    weight: 2,
    deeds: (draw) => [
      { do: 'delete', kind: 'tenanttunnels', key: 'a/other' },
      {
        do: 'apply',
        kind: 'tenanttunnels',
        key: 'a/other',
        spec: { tenant: draw.pick(['cora', 'dune', 'acme']), allowedNamespaces: ['*'] },
      },
    ],
  },
  {
    name: 'rushes',
    share: 0.2,
    weight: 1,
    deeds: (draw) => Array.from({ length: draw.between(2, 5) }, () => router(draw)),
  },
  {
    // Only under the eyes of a leader, whose memory mends it: without one, what is lost is lost.
    name: 'hands on the ledger',
    share: 0.15,
    weight: 2,
    excludes: ['leaders', 'deaths', 'weather', 'stalls', 'watches', 'curses'],
    deeds: (draw) => [
      draw.pick<Deed>([
        { do: 'remove', plural: 'secrets', key: 'system/ledger-tunnels' },
        { do: 'remove', plural: 'secrets', key: `system/ledger-tunnel-${draw.between(0, 1)}-block-1` },
        { do: 'back up' },
        { do: 'restore' },
      ]),
    ],
  },
  { name: 'tunnels', share: 0.6, weight: 3, deeds: (draw) => [tunnel(draw)] },
  { name: 'tunnels go', share: 0.5, weight: 2, deeds: (draw) => [remove(draw, 'tenanttunnels')] },
  {
    name: 'renewals',
    share: 0.4,
    weight: 3,
    deeds: (draw) => [
      draw.chance(0.75)
        ? { do: 'renew', kind: 'routers', key: draw.pick(ROUTERS) }
        : { do: 'renew', kind: 'tenanttunnels', key: draw.pick(TUNNELS) },
    ],
  },
  {
    name: 'pins of routers',
    share: 0.4,
    weight: 4,
    deeds: (draw) => [
      router(draw, {
        ...(draw.chance(0.6) && { address: draw.pick(ADDRESSES) }),
        ...(draw.chance(0.5) && { publicKey: draw.pick(KEYS) }),
      }),
    ],
  },
  {
    name: 'pins of tunnels',
    share: 0.3,
    weight: 2,
    deeds: (draw) => [
      tunnel(draw, {
        ...(draw.chance(0.6) && { subnet: draw.pick(SUBNETS) }),
        ...(draw.chance(0.5) && { listenPort: draw.pick(PORTS) }),
        ...(draw.chance(0.4) && { className: draw.pick(['standard', 'narrow', 'none']) }),
      }),
    ],
  },
  {
    name: 'networks',
    share: 0.3,
    weight: 5,
    deeds: (draw) => [router(draw, { subnets: NETWORKS.filter(() => draw.chance(0.35)) })],
  },
  {
    name: 'suspensions',
    share: 0.3,
    weight: 2,
    deeds: (draw) => [router(draw, { suspended: draw.chance(0.6) })],
  },
  {
    name: 'connections',
    share: 0.6,
    weight: 4,
    deeds: (draw) => [{ do: draw.chance(0.8) ? 'connect' : 'disconnect', key: draw.pick(ROUTERS) }],
  },
  {
    name: 'classes',
    share: 0.25,
    weight: 1,
    deeds: (draw) => [
      draw.pick<Deed>([
        classDeed('narrow', draw.chance(0.5)),
        classDeed('standard', draw.chance(0.7), { mtu: draw.between(1300, 1400) }),
        classDeed('standard', true, { ports: { first: 51_821, last: 51_822 } }),
        { do: 'delete', kind: 'tunnelclasses', key: draw.pick(['standard', 'narrow']) },
        classDeed('standard', true),
      ]),
    ],
  },
];
