import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { conditions, observedGeneration } from './status.ts';

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
  },
  {
    description:
      'What routers are configured to. This version of the operator checks and stores profiles, but does not apply them yet.',
  },
);

export const routerProfileStatus = s.object(
  { observedGeneration: s.optional(observedGeneration), conditions: s.optional(conditions) },
  { description: 'What is observed of the profile; this version writes nothing here.' },
);

export type RouterProfileSpec = Infer<typeof routerProfileSpec>;
export type RouterProfileStatus = Infer<typeof routerProfileStatus>;
