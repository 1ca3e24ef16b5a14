/** What happens to nodes, controllers, objects and the API server. */
import type { Slot } from '../crew.ts';
import type { Deed } from '../steps.ts';
import type { WeatherName } from '../weather.ts';
import { NODES, ROUTERS, TENANTS, TUNNELS } from './cast.ts';
import type { Draw } from './draw.ts';
import type { Topic } from './topic.ts';

const slot = (draw: Draw): Slot => draw.pick(['A', 'B']);

const handoverName = (draw: Draw, part: string): string => {
  const index = draw.between(0, 2);
  return `gateways/tunnel-${index}${draw.chance(0.4) ? '' : `-${part}-${draw.between(1, 3)}`}`;
};

export const TROUBLE: readonly Topic[] = [
  {
    name: 'nodes',
    share: 0.3,
    weight: 2,
    deeds: (draw) => [
      {
        do: 'node',
        name: draw.pick(NODES),
        state: draw.pick([
          'alive',
          'alive',
          'alive',
          'silent',
          'silent',
          'mute',
          'troubled',
          'cordoned',
          'gone',
        ]),
      },
    ],
  },
  {
    name: 'hands on handovers',
    share: 0.25,
    weight: 2,
    deeds: (draw) => [
      draw.chance(0.5)
        ? {
            do: draw.pick(['remove', 'unlabel', 'garble']),
            plural: 'configmaps',
            key: handoverName(draw, 'peers'),
          }
        : {
            do: draw.pick(['remove', 'unlabel', 'garble']),
            plural: 'secrets',
            key: handoverName(draw, 'access'),
          },
    ],
  },
  {
    name: 'lost statuses',
    share: 0.25,
    weight: 2,
    deeds: (draw) => [
      draw.pick<Deed>([
        { do: 'wipe', kind: 'routers', key: draw.pick(ROUTERS) },
        { do: 'wipe', kind: 'tenanttunnels', key: draw.pick(TUNNELS) },
        { do: 'wipe', kind: 'tunnelclasses', key: 'standard' },
      ]),
    ],
  },
  {
    name: 'finalizers',
    share: 0.15,
    weight: 2,
    deeds: (draw) => [{ do: draw.chance(0.6) ? 'hold' : 'let go', key: draw.pick(ROUTERS) }],
  },
  {
    name: 'weather',
    share: 0.75,
    weight: 3,
    deeds: (draw) => {
      const names: WeatherName[] = ['calm', 'uneven', 'lagging', 'stale', 'gusty', 'stormy', 'down'];
      return [{ do: 'weather', name: draw.pick(names) }];
    },
  },
  {
    name: 'leaders',
    share: 0.5,
    weight: 3,
    deeds: (draw) => {
      const one = slot(draw);
      const other = one === 'A' ? 'B' : 'A';
      return draw.pick<Deed[]>([
        [
          { do: 'duty', slot: one, duty: 'standby' },
          { do: 'duty', slot: other, duty: 'lead' },
        ],
        [{ do: 'duty', slot: one, duty: 'lead' }],
        [{ do: 'duty', slot: one, duty: 'standby' }],
      ]);
    },
  },
  {
    name: 'deaths',
    share: 0.5,
    weight: 2,
    deeds: (draw) => [
      draw.chance(0.4)
        ? { do: 'kill', slot: slot(draw) }
        : { do: 'doom', slot: slot(draw), writes: draw.between(1, 8), written: draw.chance(0.5) },
    ],
  },
  {
    name: 'stalls',
    share: 0.25,
    weight: 1,
    deeds: (draw) => [{ do: 'stall', slot: slot(draw), ms: draw.between(50, 20_000) }],
  },
  {
    name: 'watches',
    share: 0.3,
    weight: 1,
    deeds: (draw) => [draw.chance(0.6) ? { do: 'cut', slot: slot(draw) } : { do: 'compact' }],
  },
  {
    name: 'time',
    share: 0.25,
    weight: 1,
    deeds: (draw) => [{ do: 'nothing', after: draw.between(400_000, 900_000) }],
  },
  {
    name: 'curses',
    share: 0.2,
    weight: 1,
    deeds: (draw) => [
      draw.chance(0.2)
        ? { do: 'bless' }
        : {
            do: 'curse',
            what: draw.pick([
              `apply routers/status ${draw.pick(ROUTERS)}`,
              `apply tenanttunnels/status ${draw.pick(TUNNELS)}`,
              `create tenanttunnels ${draw.pick(['a', 'b'])}/${draw.pick(TENANTS)}`,
              `create configmaps gateways/tunnel-${draw.between(0, 1)}`,
              `delete secrets system/ledger-tunnel-${draw.between(0, 1)}-block-1`,
            ]),
          },
    ],
  },
];
