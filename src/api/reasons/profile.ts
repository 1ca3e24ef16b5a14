import type { ConditionReasonDocument } from './condition-types.ts';

/** Of a RouterProfile: whether it can be used, and how far it has come. */
export const PROFILE_REASONS = {
  Accepted: {
    on: ['TunnelClass', 'RouterProfile'],
    conditions: ['Accepted', 'Ready'],
    meaning: 'Tunnels can be made from the class; the profile can be applied.',
  },
  RowsRefused: {
    on: ['RouterProfile'],
    conditions: ['Accepted'],
    meaning:
      'Some rows of the profile can be given to no router: a menu or a row that the operator keeps for itself, a template that asks for what there is not. The others are applied.',
    remedy: 'Correct the rows that the message names.',
  },
  InvalidProfile: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning: 'The profile has something that no router could be given, whatever the router is.',
    remedy: 'Correct what the message names. Routers keep what they have meanwhile.',
  },
  SecretNotFound: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning:
      'A Secret that spec.values refers to, or the key in it, does not exist in the namespace of the profile.',
    remedy: 'Create it. It is looked at again every 3 minutes. Routers keep what they have meanwhile.',
  },
  SecretUnreadable: {
    on: ['RouterProfile'],
    conditions: ['Accepted', 'Progressing', 'Ready'],
    meaning: 'The operator may not read Secrets of the namespace of the profile: its owner has not let it.',
    remedy:
      'Run the line of the message, which binds one role in that one namespace; or add the namespace to profiles.secretNamespaces of the chart. See docs/rollout.md.',
  },
  RollingOut: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Routers of the present stage are being changed.',
  },
  Baking: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'All of the stage have it, and it is watched for spec.rollout.bakeSeconds before the next stage begins.',
  },
  OutsideWindow: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'The rollout waits for a window of spec.rollout.windows.',
    remedy: 'Nothing; or widen the windows.',
  },
  AwaitingRouters: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Too few routers of the stage are connected to try the change on.',
    remedy: 'Nothing; it goes on when they come back. To skip the stage, take it out of spec.rollout.stages.',
  },
  RoutersLost: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'More of the routers that have the change have gone away since than spec.rollout.maxFailures allows.',
    remedy:
      'Look whether the change is the cause. If not, give the annotation vpn.traidnet.io/resume-rollout another value, and it goes on.',
  },
  RolloutPaused: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'spec.rollout.paused is true, of the profile or of its class: no further router is changed.',
    remedy: 'Set it to false to let it go on.',
  },
  RolloutStopped: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning:
      'The rollout stopped by itself: more routers of a stage failed than spec.rollout.maxFailures allows. On those the change was undone; no further router is changed.',
    remedy:
      'The message names routers and what failed on them. Correct the profile, which begins a new rollout; or give the annotation vpn.traidnet.io/resume-rollout another value to let this one go on.',
  },
  RolledOut: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'Each router gets this revision; those that are away, when they come back.',
  },
  DryRun: {
    on: ['RouterProfile'],
    conditions: ['Progressing', 'Ready'],
    meaning: 'spec.dryRun is true: nothing is changed, and routers tell in their status what would be.',
    remedy: 'Set it to false to roll the profile out.',
  },
} as const satisfies Record<string, ConditionReasonDocument>;
