import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { profileSelector } from './profile-selector.ts';
import { profileValues } from './profile-values.ts';
import { rolloutSpec, rolloutStatus } from './rollout.ts';
import { conditions, count, observedGeneration, text } from './status.ts';

/** Most problems that a profile's status lists. */
export const MAX_PROFILE_PROBLEMS = 10;

const propertyValue = s.string({
  description: 'Value of the property as RouterOS writes it, e.g. "10.100.0.1" or "yes".',
  maxLength: 1024,
});

const PROPERTY_NAMES = {
  rule: "self.all(name, name.matches(r'^[a-z0-9][a-z0-9-]{0,62}$'))",
  message:
    'write the names of properties as RouterOS has them: lower-case letters, digits and "-", for example "dst-port"',
};

const resource = s.object(
  {
    path: s.string({
      description: 'The menu that the resource is in, e.g. "/ip/dns".',
      maxLength: 256,
      rules: [
        {
          rule: "self.size() <= 128 && self.matches(r'^(/[a-z0-9][a-z0-9-]*)+$')",
          message: 'write a menu of RouterOS with slashes, for example "/ip/firewall/filter"',
        },
      ],
    }),
    match: s.optional(
      s.map(propertyValue, {
        description:
          'Properties that tell which row it is, e.g. {"name": "uplink"}. Leave it out where the menu has only one, as /ip/dns.',
        minProperties: 1,
        maxProperties: 16,
        rules: [PROPERTY_NAMES],
      }),
    ),
    set: s.map(propertyValue, {
      description: 'Properties that the row shall have, e.g. {"servers": "10.100.0.1"}.',
      minProperties: 1,
      maxProperties: 64,
      rules: [PROPERTY_NAMES],
    }),
  },
  { description: 'One row of a RouterOS menu, and what it shall be.' },
);

export const routerProfileSpec = s.object(
  {
    resources: s.list(resource, {
      description: 'RouterOS resources, in the order in which they are applied.',
      minItems: 1,
      maxItems: 256,
    }),
    values: s.optional(profileValues),
    selector: s.optional(profileSelector),
    drift: s.optional(
      s.choice(['Repair', 'Report'], {
        description:
          'What is done about rows of the profile that somebody has changed on a router. Repair (default): they are set again. Report: the status says so.',
      }),
    ),
    dryRun: s.optional(
      s.boolean({
        description:
          'Whether nothing is changed and each Router only tells in its status what would be. Default false.',
      }),
    ),
    rollout: s.optional(rolloutSpec),
  },
  {
    description:
      'What routers are configured to. This version of the operator checks and stores profiles, but does not apply them yet.',
  },
);

const routers = s.object(
  {
    selected: count({ description: 'Routers that get the profile.' }),
    applied: count({ description: 'Those that have this revision of it.' }),
    failed: count({ description: 'Those on which it failed.' }),
    waiting: count({ description: 'Those that do not have it yet: not their turn, or not connected.' }),
  },
  { description: 'Routers that the profile is for, as of a few seconds ago.' },
);

const problem = s.object(
  {
    router: text('The Router, as namespace/name.', 320),
    row: s.optional(text('The row, e.g. "/ip/dns".')),
    reason: text('One word for why.', 64),
    message: text('A sentence for people: what is wrong, and what to do.', 1024),
  },
  { description: 'What is wrong on one router.' },
);

export const routerProfileStatus = s.object(
  {
    observedGeneration: s.optional(observedGeneration),
    revision: s.optional(text('Names what the profile asks for, e.g. "3f9a01c27b".', 32)),
    routers: s.optional(routers),
    rollout: s.optional(rolloutStatus),
    problems: s.optional(
      s.list(problem, {
        description: `What is wrong on which router; the first ${MAX_PROFILE_PROBLEMS} by name.`,
        maxItems: MAX_PROFILE_PROBLEMS,
      }),
    ),
    conditions: s.optional(conditions),
  },
  { description: 'What is observed of the profile.' },
);

export type RouterProfileSpec = Infer<typeof routerProfileSpec>;
export type RouterProfileStatus = Infer<typeof routerProfileStatus>;
