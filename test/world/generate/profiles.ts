import type { Deed } from '../steps.ts';
import { classDeed, ROUTERS, router } from './cast.ts';
import type { Draw } from './draw.ts';
import type { Topic } from './topic.ts';

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
