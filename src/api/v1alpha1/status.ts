import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';

/** As `metav1.Condition`; kubectl wait, Argo CD and Flux (kstatus) read it. */
export const condition = s.object(
  {
    type: s.string({ description: 'What is said to hold, e.g. "Ready".', minLength: 1, maxLength: 316 }),
    status: s.choice(['True', 'False', 'Unknown'], { description: 'Whether it holds.' }),
    reason: s.string({
      description: 'One word for why, e.g. "HandshakeTimeout"; docs/conditions.md explains each.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z][A-Za-z0-9]*$',
    }),
    message: s.string({
      description: 'A sentence for people: what is so, and what to do.',
      maxLength: 32768,
    }),
    lastTransitionTime: s.time({ description: 'When status last changed.' }),
    observedGeneration: s.optional(
      s.integer({
        description: 'metadata.generation of the object that this was found from.',
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
      }),
    ),
  },
  { description: 'One observation of the object.' },
);

export type Condition = Infer<typeof condition>;

export const conditions = s.listMap(condition, ['type'], {
  description: 'What has been observed, by type. Wait with "kubectl wait --for=condition=Ready".',
  maxItems: 16,
});

export const observedGeneration = s.integer({
  description: 'metadata.generation that this status answers to; -1 until a controller has seen the object.',
  minimum: -1,
  maximum: Number.MAX_SAFE_INTEGER,
});

/** Until a controller writes: without it kstatus takes an object with no status for a healthy one. */
export const NOT_YET_OBSERVED = { observedGeneration: -1 };

export const count = ({ description }: { description: string }) =>
  s.integer({ description, minimum: 0, maximum: 2 ** 31 - 1 });

/** Text in a status, bounded only against a runaway writer. */
export const text = (description: string, maxLength = 256) => s.string({ description, maxLength });
