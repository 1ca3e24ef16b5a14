import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { port } from './formats.ts';
import { conditions, count, observedGeneration, text } from './status.ts';

const poolUse = s.object(
  {
    cidr: text('The pool, e.g. "10.100.0.0/14".', 64),
    prefixLength: s.integer({ description: 'Length of its subnets.', minimum: 1, maximum: 32 }),
    subnets: count({ description: 'Subnets that it holds; excluded ones do not count.' }),
    free: count({ description: 'Those of them that a new tunnel may get.' }),
    tunnels: count({
      description:
        'Tunnels of the class with a subnet there, deleted ones too until their quarantine is over. A pool that has any stays.',
    }),
    first: s.optional(text('The lowest of their subnets, e.g. "10.100.0.0/16".', 64)),
    last: s.optional(text('The highest of their subnets, e.g. "10.103.0.0/16".', 64)),
  },
  { description: 'One pool, and what is left of it.' },
);

const portUse = s.object(
  {
    total: count({ description: 'Ports of the range.' }),
    free: count({ description: 'Those of them that no tunnel has, of whatever class.' }),
    first: s.optional(port({ description: 'The lowest that a tunnel of the class has.' })),
    last: s.optional(port({ description: 'The highest that a tunnel of the class has.' })),
  },
  { description: 'What is left of the ports.' },
);

export const tunnelClassStatus = s.object(
  {
    observedGeneration: s.optional(observedGeneration),
    tunnels: s.optional(count({ description: 'Tunnels that were allocated from this class and live.' })),
    free: s.optional(
      count({
        description:
          'How many more tunnels the class can give: by its free subnets or its free ports, whichever are fewer.',
      }),
    ),
    pools: s.optional(
      s.list(poolUse, {
        description: 'Each pool, in the order of spec.pools, and what is left of it.',
        maxItems: 16,
      }),
    ),
    ports: s.optional(portUse),
    outside: s.optional(
      count({
        description:
          'Tunnels whose subnet is in none of the pools any more, as after a class was deleted and made again. They keep it.',
      }),
    ),
    conditions: s.optional(conditions),
  },
  { description: 'What is observed of the class.' },
);

export type TunnelClassStatus = Infer<typeof tunnelClassStatus>;
