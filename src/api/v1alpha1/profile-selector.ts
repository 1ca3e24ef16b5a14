import { s } from '../schema/builder.ts';
import { labelValue } from './formats.ts';

/** One or more comparisons, as src/api/profiles/routeros-version.ts reads them. */
const RANGE =
  '^ *(>=|<=|>|<|=)[0-9]{1,3}([.][0-9]{1,4}){1,2}((alpha|beta|rc)[0-9]{1,4})?( +(>=|<=|>|<|=)[0-9]{1,3}([.][0-9]{1,4}){1,2}((alpha|beta|rc)[0-9]{1,4})?){0,3} *$';

export const profileSelector = s.object(
  {
    matchLabels: s.optional(
      s.map(labelValue({ description: "Value that the Router's label must have." }), {
        description: 'Labels that a Router must have, e.g. {"site": "hotel"}.',
        maxProperties: 16,
      }),
    ),
    models: s.optional(
      s.list(
        s.string({
          description: 'A pattern; * is any text, ? any one character.',
          minLength: 1,
          maxLength: 64,
        }),
        {
          description:
            'Boards, one of which the router must be, as status.model of Routers has them, e.g. ["hAP *", "RB4011*"]; capital or small does not count.',
          minItems: 1,
          maxItems: 32,
        },
      ),
    ),
    versions: s.optional(
      s.string({
        description:
          'RouterOS versions that it is for, e.g. ">=7.16 <7.24": up to four comparisons, all of which must hold. A beta or rc comes before its release.',
        maxLength: 128,
        rules: [
          {
            rule: `self.matches('${RANGE}')`,
            message: 'write one or more comparisons with blanks between them, for example ">=7.16 <7.24"',
          },
        ],
      }),
    ),
  },
  {
    description:
      'Which Routers of this namespace get the profile without naming it; {} is all of them. What is not written does not restrict. A router whose model or version is not known yet is in no models and no versions. For a profile that a TunnelClass names it says which of the routers of that class. Default none: those get it that name it.',
  },
);
