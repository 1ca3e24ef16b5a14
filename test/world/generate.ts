import { Chance } from './chance.ts';
import type { Slot } from './crew.ts';
import { QUARANTINE_SECONDS } from './invariants/times.ts';
import { keyText } from './secrets.ts';
import type { Deed, History, Step } from './steps.ts';
import type { WeatherName } from './weather.ts';

/** Few names, so that they meet. */
const ROUTERS = ['a/r1', 'a/r2', 'a/r3', 'a/r4', 'b/r1', 'b/r5'];
const TUNNELS = ['a/acme', 'a/beta', 'b/acme', 'a/other'];
const TENANTS = ['acme', 'beta', 'cora'];
export const KEYS = [keyText('ownone'), keyText('owntwo')];
const ADDRESSES = ['10.100.1.1', '10.100.1.2', '10.100.2.1', '10.100.3.9', '10.100.5.1', '10.100.0.9'];
const SUBNETS = ['10.100.0.0/22', '10.100.4.0/22', '10.100.12.0/22', '10.200.0.0/23', '10.99.0.0/22'];
const NETWORKS = ['192.168.88.0/24', '192.168.0.0/16', '192.168.88.128/25', '10.0.0.0/8', '172.16.0.0/24'];
const PORTS = [51_820, 51_822, 51_900];
const NODES = ['n1', 'n2'];

export const CLASSES = {
  standard: { pools: [{ cidr: '10.100.0.0/20', prefixLength: 22 }], ports: { first: 51_820, last: 51_840 } },
  narrow: { pools: [{ cidr: '10.200.0.0/22', prefixLength: 23 }], ports: { first: 51_900, last: 51_901 } },
};

/** The world before its first step: one node, one class, one controller. */
const beginning: readonly Deed[] = [
  { do: 'node', name: 'n1', state: 'alive' },
  classDeed('standard', true),
  { do: 'duty', slot: 'A', duty: 'lead' },
];

export function classDeed(name: keyof typeof CLASSES, isDefault: boolean, more: object = {}): Deed {
  const spec = {
    endpoint: { host: 'vpn.example.com' },
    quarantineSeconds: QUARANTINE_SECONDS,
    router: { ownKeys: true },
    ...CLASSES[name],
    ...more,
  };
  return { do: 'apply', kind: 'tunnelclasses', key: name, spec, isDefault };
}

/** A history by its seed. Each draws its own few sorts of steps, so that some do often what others never do. */
export function generate(seed: number, topics: readonly Topic[] = TOPICS): History {
  const draw = new Draw(seed);
  const drawn = topics.filter(({ share }) => draw.chance(share));
  const excluded = drawn.flatMap(({ excludes = [] }) => excludes);
  const chosen = drawn.filter(({ name }) => !excluded.includes(name));
  const count = draw.between(6, 45);
  const pace = draw.pick([0.3, 1, 1, 3]);
  const steps: Step[] = beginning.map((deed) => ({ after: 0, ...deed }));
  for (let i = 0; i < count; i++) {
    const topic = draw.weighted([...ALWAYS, ...chosen]);
    const after = Math.round(draw.pause() * pace);
    steps.push(...topic.deeds(draw).map((deed, at) => ({ after: at === 0 ? after : 0, ...deed })));
  }
  return { seed, steps };
}

/** Draws for a history, one after the other. */
class Draw {
  readonly #next: () => number;
  /** What a Router of this name is of as long as it lives: it cannot be changed. */
  readonly belongings = new Map<string, object>();

  constructor(seed: number) {
    this.#next = new Chance(seed).sequence('history');
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  between(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#next() * list.length)] as T;
  }

  weighted(topics: readonly Topic[]): Topic {
    let roll = this.#next() * topics.reduce((sum, { weight }) => sum + weight, 0);
    for (const topic of topics) {
      roll -= topic.weight;
      if (roll < 0) return topic;
    }
    return topics[0] as Topic;
  }

  /** ms between two steps: mostly at once, or while the one before is being worked on. */
  pause(): number {
    const roll = this.#next();
    if (roll < 0.35) return 0;
    if (roll < 0.65) return this.between(1, 60);
    if (roll < 0.9) return this.between(60, 1500);
    return this.between(1500, 12_000);
  }
}

export interface Topic {
  name: string;
  /** How likely a history has it. */
  share: number;
  weight: number;
  /** Topics that a history with this one does not have. */
  excludes?: readonly string[];
  deeds: (draw: Draw) => (Deed & { after?: number })[];
}

const slot = (draw: Draw): Slot => draw.pick(['A', 'B']);

const router = (draw: Draw, more: object = {}, key = draw.pick(ROUTERS)): Deed => {
  const belongs =
    draw.belongings.get(key) ??
    draw.pick([
      { tenant: draw.pick(TENANTS) },
      { tenant: 'acme' },
      { tenant: 'acme' },
      { tunnelRef: { name: draw.pick(['acme', 'beta', 'other']), namespace: 'a' } },
    ]);
  draw.belongings.set(key, belongs);
  return { do: 'apply', kind: 'routers', key, spec: { ...belongs, ...more } };
};

const tunnel = (draw: Draw, more: object = {}): Deed => {
  const key = draw.pick(TUNNELS);
  const tenant = key === 'a/other' ? { tenant: draw.pick(['cora', 'dune']) } : {};
  const allowed = draw.chance(0.7) ? { allowedNamespaces: ['*'] } : {};
  return { do: 'apply', kind: 'tenanttunnels', key, spec: { ...tenant, ...allowed, ...more } };
};

const SECRETS = ['a/radius', 'b/radius'];
const PROFILES = ['a/p', 'a/q', 'b/p'];

const profile = (draw: Draw): Deed => ({
  do: 'apply',
  kind: 'routerprofiles',
  key: draw.pick(PROFILES),
  spec: {
    resources: [
      {
        path: draw.pick(['/ip/dns', '/ip/dns', '/system/note', '/fails', '/fails/odd']),
        set: { servers: draw.pick(['10.0.0.1', '10.0.0.2']) },
      },
    ],
    ...(draw.chance(0.6) && { selector: {} }),
    ...(draw.chance(0.25) && {
      values: [{ name: 'radius', secretKeyRef: { name: 'radius', key: draw.pick(['secret', 'other']) } }],
    }),
    ...(draw.chance(0.1) && { dryRun: true }),
    rollout: {
      bakeSeconds: draw.pick([60, 60, 90]),
      ...(draw.chance(0.4) && { stages: draw.pick([['1', '50%'], ['2', '100%'], ['100%'], ['30%', '60%']]) }),
      ...(draw.chance(0.4) && { maxFailures: draw.pick(['0', '1', '50%']) }),
      ...(draw.chance(0.1) && { paused: true }),
    },
  },
});

const remove = (draw: Draw, kind: 'routers' | 'tenanttunnels'): Deed => {
  const key = draw.pick(kind === 'routers' ? ROUTERS : TUNNELS);
  draw.belongings.delete(key);
  return { do: 'delete', kind, key };
};

const ALWAYS: readonly Topic[] = [
  { name: 'routers', share: 1, weight: 6, deeds: (draw) => [router(draw)] },
  { name: 'removals', share: 1, weight: 2, deeds: (draw) => [remove(draw, 'routers')] },
];

const handoverName = (draw: Draw, part: string): string => {
  const index = draw.between(0, 2);
  return `gateways/tunnel-${index}${draw.chance(0.4) ? '' : `-${part}-${draw.between(1, 3)}`}`;
};

/** Of histories in which profiles are rolled out. */
export const PROFILE_TOPICS: readonly Topic[] = [
  { name: 'profiles', share: 1, weight: 8, deeds: (draw) => [profile(draw)] },
  {
    name: 'fleets',
    share: 1,
    weight: 4,
    deeds: (draw) => {
      const fleet = ROUTERS.filter(() => draw.chance(0.7));
      return [
        { do: 'apply', kind: 'tenanttunnels', key: 'a/acme', spec: { allowedNamespaces: ['*'] } },
        ...fleet.map((key) => router(draw, {}, key)),
        { do: 'nothing', after: 2000 },
        ...fleet.map((key): Deed => ({ do: 'connect', key })),
      ];
    },
  },
  {
    name: 'fleets come and go',
    share: 0.6,
    weight: 4,
    deeds: (draw) =>
      ROUTERS.filter(() => draw.chance(0.4)).map((key) => ({
        do: draw.pick(['connect', 'disconnect']),
        key,
      })),
  },
  {
    name: 'routers that name profiles',
    share: 0.5,
    weight: 3,
    deeds: (draw) => [router(draw, { profiles: ['p', 'q', 'none'].filter(() => draw.chance(0.5)) })],
  },
  {
    name: 'classes that name profiles',
    share: 0.4,
    weight: 2,
    deeds: (draw) => [
      classDeed('standard', true, {
        profiles: PROFILES.filter(() => draw.chance(0.5)).map((key) => {
          const [namespace, name] = key.split('/');
          return { namespace, name };
        }),
        ...(draw.chance(0.4) && { rollout: { maxFailures: draw.pick(['0', '2']) } }),
      }),
    ],
  },
  {
    name: 'profiles go',
    share: 0.4,
    weight: 2,
    deeds: (draw) => [
      { do: draw.pick(['delete', 'renew', 'wipe']), kind: 'routerprofiles', key: draw.pick(PROFILES) },
    ],
  },
  {
    name: 'rollouts resumed',
    share: 0.5,
    weight: 2,
    deeds: (draw) => [{ do: 'resume', key: draw.pick(PROFILES), value: draw.pick(['one', 'two', 'three']) }],
  },
  {
    name: 'secrets',
    share: 0.6,
    weight: 4,
    deeds: (draw) => [
      draw.chance(0.75)
        ? {
            do: 'secret',
            key: draw.pick(SECRETS),
            data: {
              secret: `SECRET-${draw.between(1, 2)}`,
              ...(draw.chance(0.5) && { other: 'SECRET-other' }),
            },
          }
        : { do: 'remove', plural: 'secrets', key: draw.pick(SECRETS) },
    ],
  },
  {
    name: 'hands on copies',
    share: 0.2,
    weight: 2,
    deeds: (draw) => [
      {
        do: draw.pick(['remove', 'garble']),
        plural: 'secrets',
        key: `gateways/values-${draw.pick(['a', 'b'])}`,
      },
    ],
  },
  {
    name: 'pauses',
    share: 0.8,
    weight: 6,
    deeds: (draw) => [{ do: 'nothing', after: draw.between(5000, 120_000) }],
  },
  {
    name: 'curses on profiles',
    share: 0.2,
    weight: 1,
    deeds: (draw) => [
      draw.chance(0.3)
        ? { do: 'bless' }
        : {
            do: 'curse',
            what: draw.pick([
              `get secrets ${draw.pick(SECRETS)}`,
              `apply routerprofiles/status ${draw.pick(PROFILES)}`,
              `apply routers/status ${draw.pick(ROUTERS)}`,
            ]),
          },
    ],
  },
];

/** Of histories in which passwords and scripts follow each other. */
export const PASSWORD_TOPICS: readonly Topic[] = [
  {
    name: 'passwords',
    share: 1,
    weight: 6,
    deeds: (draw) => {
      const key = draw.pick(ROUTERS);
      const text = draw.pick(['one', 'two', 'three']);
      const asked = draw.chance(0.4) ? { script: { renew: text } } : { credentials: { rotate: text } };
      return [
        router(draw, asked, key),
        { do: 'nothing', after: draw.between(0, 9000) },
        { do: 'connect', key },
      ];
    },
  },
];

export const TOPICS: readonly Topic[] = [
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
