import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { profileSelector } from './profile-selector.ts';
import { profileValues } from './profile-values.ts';
import { rolloutSpec, rolloutStatus } from './rollout.ts';
import { conditions, count, observedGeneration, text } from './status.ts';

/** Most problems that a profile's status lists. */
export const MAX_PROFILE_PROBLEMS = 10;

/** What one profile may hold; what is merged for one router is bounded again, by the profile engine. */
export const PROFILE_LIMITS = { resources: 256, lists: 16, listRows: 256 } as const;

const propertyValue = s.string({
  description:
    'Value of the property as RouterOS writes it, e.g. "10.100.0.1" or "yes"; "" unsets it. {{ }} is a template.',
  maxLength: 4096,
});

const PROPERTY_NAMES = {
  rule: "self.all(name, name.matches(r'^[a-z0-9][a-z0-9-]{0,62}$'))",
  message:
    'write the names of properties as RouterOS has them: lower-case letters, digits and "-", for example "dst-port"',
};

const path = s.string({
  description: 'A menu of RouterOS, e.g. "/ip/dns".',
  maxLength: 256,
  rules: [
    {
      rule: "self.size() <= 128 && self.matches(r'^(/[a-z0-9][a-z0-9-]*)+$')",
      message: 'write a menu of RouterOS with slashes, for example "/ip/firewall/filter"',
    },
  ],
});

const resource = s.object(
  {
    path,
    match: s.optional(
      s.map(propertyValue, {
        description:
          'Properties that tell which row it is, e.g. {"name": "uplink"}. Leave it out where the menu has only one, as /ip/dns.',
        minProperties: 1,
        maxProperties: 16,
        rules: [PROPERTY_NAMES],
      }),
    ),
    set: s.optional(
      s.map(propertyValue, {
        description: 'Properties that the row shall have, e.g. {"servers": "10.100.0.1"}.',
        minProperties: 1,
        maxProperties: 64,
        rules: [PROPERTY_NAMES],
      }),
    ),
    state: s.optional(
      s.choice(['Present', 'Absent'], {
        description:
          'Present (default): the row is there; it is added where match finds none. Absent: rows that match finds are removed, whoever made them.',
      }),
    ),
  },
  {
    description: 'One row of a RouterOS menu, and what it shall be.',
    rules: [
      {
        rule: "has(self.state) && self.state == 'Absent' ? has(self.match) && !has(self.set) : has(self.set)",
        message: 'write set with what the row shall have; with state Absent write match alone',
      },
    ],
  },
);

const listRow = s.object(
  {
    set: s.map(propertyValue, {
      description: 'Properties that the row has, e.g. {"chain": "input", "action": "accept"}.',
      minProperties: 1,
      maxProperties: 64,
    }),
  },
  { description: 'One row of the list.' },
);

const orderedList = s.object(
  {
    path,
    before: s.optional(
      s.map(propertyValue, {
        description:
          'Properties of the row that the list goes before: the first such that is neither dynamic nor of a profile, e.g. {"chain": "input", "action": "drop"}. Where there is none, and by default, the list goes to the end.',
        minProperties: 1,
        maxProperties: 16,
      }),
    ),
    rows: s.list(listRow, {
      description: 'The rows in their order. They stand together, and nothing else stands between them.',
      minItems: 1,
      maxItems: PROFILE_LIMITS.listRows,
    }),
  },
  {
    description:
      'Rows that are made as a whole and in this order, e.g. rules of a firewall. Each has our mark in its comment; rows without it are not touched.',
  },
);

export const routerProfileSpec = s.object(
  {
    resources: s.optional(
      s.list(resource, {
        description: 'Rows and settings, in the order in which they are applied.',
        minItems: 1,
        maxItems: PROFILE_LIMITS.resources,
      }),
    ),
    lists: s.optional(
      s.list(orderedList, {
        description: 'Whole ordered lists, applied after the resources.',
        minItems: 1,
        maxItems: PROFILE_LIMITS.lists,
      }),
    ),
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
    description: 'What routers are configured to; docs/profiles.md says how.',
    rules: [{ rule: 'has(self.resources) || has(self.lists)', message: 'write resources, lists, or both' }],
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
