import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { count, text } from './status.ts';

/** On a RouterProfile: a value that is another lets a rollout go on that stopped or waits for routers that were lost. */
export const ANNOTATION_RESUME = 'vpn.traidnet.io/resume-rollout';

/** Most routers that a stage may count one by one; larger stages are written in percent. */
export const MAX_CANARIES = 20;

const time = (description: string) =>
  s.string({
    description,
    maxLength: 8,
    rules: [
      {
        rule: "self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')",
        message: 'write a time of day as HH:MM, for example "02:30"',
      },
    ],
  });

const maintenanceWindow = s.object(
  {
    days: s.optional(
      s.set(
        s.choice(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], {
          description: 'A day on which the window begins.',
        }),
        {
          description: 'Days on which the window begins, e.g. ["Sat", "Sun"]. Default: each.',
          minItems: 1,
          maxItems: 7,
        },
      ),
    ),
    from: time('When it begins, on the clock of timeZone, e.g. "02:00".'),
    to: time('When it ends, e.g. "05:00"; on the next day where that is not later than from.'),
    timeZone: s.optional(
      s.string({
        description: 'Time zone of the IANA database, e.g. "Europe/Zurich". Default "UTC".',
        minLength: 1,
        maxLength: 64,
      }),
    ),
  },
  { description: 'A time in which routers may be changed.' },
);

const AMOUNT = (message: string) => ({
  rule: "self.matches('^([0-9]{1,5}|(100|[1-9]?[0-9])([.][0-9])?%)$')",
  message,
});

export const rolloutSpec = s.object(
  {
    stages: s.optional(
      s.list(
        s.string({
          description:
            'A number of routers up to 20, e.g. "1", or a share of all that the profile is for, e.g. "10%".',
          maxLength: 8,
          rules: [
            AMOUNT('write a number of routers up to 20, for example "1", or a share, for example "10%"'),
            {
              rule: `self.endsWith('%') || !self.matches('^[0-9]{1,5}$') || (int(self) >= 1 && int(self) <= ${MAX_CANARIES})`,
              message: `write a number from 1 to ${MAX_CANARIES}; larger stages are written as a share, for example "5%"`,
            },
          ],
        }),
        {
          description:
            'How many routers get a change, stage by stage; the last stage is always all of them. Default ["1", "1%", "10%", "100%"].',
          minItems: 1,
          maxItems: 16,
        },
      ),
    ),
    maxFailures: s.optional(
      s.string({
        description:
          'How many routers of a stage may fail before the rollout stops by itself: a number, or a share of the stage, rounded down. Default "10%": the first failure stops a stage of fewer than ten.',
        maxLength: 8,
        rules: [AMOUNT('write a number of routers, for example "3", or a share, for example "10%"')],
      }),
    ),
    bakeSeconds: s.optional(
      s.integer({
        description:
          'How long a stage is watched once it is done before the next begins, in seconds. Default 300.',
        minimum: 0,
        maximum: 604_800,
      }),
    ),
    maxParallel: s.optional(
      s.integer({
        description:
          'Routers that one gateway changes at once for it. Default: as many as the gateway configures at once.',
        minimum: 1,
        maximum: 1000,
      }),
    ),
    windows: s.optional(
      s.list(maintenanceWindow, {
        description:
          'When routers that are in service may be changed. Default: always. A router that has no profile yet is configured at once, unless a rollout is under way.',
        maxItems: 16,
      }),
    ),
    paused: s.optional(
      s.boolean({ description: 'Whether the rollout waits: no further router is changed. Default false.' }),
    ),
  },
  { description: 'How a change is rolled out.' },
);

/** Where a rollout stands. */
export const ROLLOUT_STATES = ['RollingOut', 'Baking', 'Stopped', 'Done'] as const;

export const rolloutStatus = s.object(
  {
    revision: text('What is being rolled out: status.revision of the time it began.', 32),
    state: s.choice(ROLLOUT_STATES, {
      description:
        'RollingOut: routers of the stage get it. Baking: the stage is done and watched for a time. Stopped: too many failed; no further router is changed. Done: each router gets it.',
    }),
    progress: text('How far it is, for people, e.g. "2/4 (1%)".', 64),
    stage: s.integer({ description: 'The stage that it is in, from 1 on.', minimum: 0, maximum: 100 }),
    share: s.integer({
      description:
        'Share of the routers that have their turn, in permille, in an order of the revision and their uids.',
      minimum: 0,
      maximum: 1000,
    }),
    canaries: s.optional(
      s.list(text('The uid of a Router.', 64), {
        description: 'Routers that have their turn before the share reaches them.',
        maxItems: 64,
      }),
    ),
    startedAt: s.time({ description: 'When this rollout began.' }),
    stageAt: s.time({ description: 'When the stage began.' }),
    continuesAt: s.optional(
      s.time({ description: 'When the next stage begins at the earliest, while Baking.' }),
    ),
    stoppedAt: s.optional(s.time({ description: 'When it stopped.' })),
    stopped: s.optional(text('Why it stopped: how many failed, which, and of what.', 2048)),
    forgiven: s.optional(
      count({ description: 'Failures that stopped it once and do not count again: it was resumed.' }),
    ),
    resumed: s.optional(
      text('The value of the annotation vpn.traidnet.io/resume-rollout that it last obeyed.', 256),
    ),
    generation: s.integer({
      description: 'metadata.generation when it was last decided to go on.',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    }),
    selector: text('Which selector it is for, as a short hash; routers that another one chooses wait.', 32),
    classes: s.optional(
      s.list(text('Name of a TunnelClass.', 253), {
        description: 'Classes that it is for; routers of another one wait.',
        maxItems: 64,
      }),
    ),
  },
  { description: 'How far the change is. What gateways go by.' },
);

export type MaintenanceWindow = Infer<typeof maintenanceWindow>;
export type RolloutSpec = Infer<typeof rolloutSpec>;
export type RolloutStatus = Infer<typeof rolloutStatus>;
