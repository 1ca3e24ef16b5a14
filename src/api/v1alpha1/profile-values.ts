import { s } from '../schema/builder.ts';
import { objectName } from './formats.ts';

/** Longest value in characters; one of a Secret is held to it, too. */
export const MAX_PROFILE_VALUE = 16_384;
export const MAX_PROFILE_VALUES = 64;

const profileValue = s.object(
  {
    name: s.string({
      description: 'What templates call it: "radius" is {{ values.radius }}.',
      maxLength: 128,
      rules: [
        {
          rule: "self.matches('^[A-Za-z_][A-Za-z0-9_]{0,62}$')",
          message: 'write letters, digits and "_", beginning with a letter, for example "radiusSecret"',
        },
      ],
    }),
    value: s.optional(s.string({ description: 'The value itself, where it is no secret.', maxLength: 1024 })),
    secretKeyRef: s.optional(
      s.object(
        {
          name: objectName({
            description: 'Name of a Secret in the namespace of the profile, e.g. "radius".',
          }),
          key: s.string({
            description: 'Key of its data, e.g. "shared-secret".',
            maxLength: 253,
            rules: [
              {
                rule: "self.size() <= 128 && self.matches('^[-._a-zA-Z0-9]+$')",
                message:
                  'write a key of a Secret: at most 128 letters, digits, "-", "_" and ".", for example "password"',
              },
            ],
          }),
        },
        {
          description:
            'Where the value is. The operator reads Secrets only in namespaces whose owner lets it: see docs/rollout.md.',
        },
      ),
    ),
  },
  {
    description: 'A value for the templates of the profile.',
    rules: [
      {
        rule: 'has(self.value) != has(self.secretKeyRef)',
        message: 'write either value or secretKeyRef',
      },
    ],
  },
);

export const profileValues = s.listMap(profileValue, ['name'], {
  description:
    'Values that templates may use as {{ values.NAME }}. What comes from a Secret is never in a status, an Event or a log.',
  maxItems: MAX_PROFILE_VALUES,
});
