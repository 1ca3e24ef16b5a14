import type { Step } from '../steps.ts';
import type { Found } from './history.ts';

export const PROFILES: readonly Found[] = [
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
];
