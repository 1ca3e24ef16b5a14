import { ROUTERS, router } from './cast.ts';
import type { Topic } from './topic.ts';

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
