/** What a gateway says of one profile on one router: part of the Router's status, and what rollouts go by. */
import { s } from '../schema/builder.ts';
import type { Infer } from '../schema/schema.ts';
import { text } from './status.ts';

export const PROFILE_STATES = ['Applied', 'Failed', 'Planned', 'Drifted', 'Waiting'] as const;

export const PROFILE_REPORT_LIMITS = { profiles: 64, problems: 8, message: 1024, row: 256 } as const;

const { profiles, problems, message, row } = PROFILE_REPORT_LIMITS;

const problem = s.object(
  {
    row: s.optional(text('The row, e.g. "/ip/dns" or "/radius name=a".', row)),
    reason: text('One word for why.', 64),
    message: text(
      'A sentence for people: what is wrong, and what to do. Never a value of a Secret.',
      message,
    ),
  },
  { description: 'What is wrong with one row.' },
);

const profileReport = s.object(
  {
    namespace: text('Namespace of the RouterProfile.', 253),
    name: text('Name of the RouterProfile.', 253),
    revision: text('What of it: status.revision of the profile at that time.', 32),
    state: s.choice(PROFILE_STATES, {
      description:
        'Applied: the router has it. Failed: it could not be applied, and what was begun was undone. Planned: a dry run, nothing was changed. Drifted: somebody changed it on the router, and the profile only reports. Waiting: it is not the turn of the router yet, which is left as it is.',
    }),
    problems: s.optional(
      s.list(problem, { description: 'What is wrong with its rows; at most 8 of them.', maxItems: problems }),
    ),
  },
  { description: 'What became of one profile.' },
);

export const profileReports = s.list(profileReport, {
  description: 'What became of the profiles on the router, in the order of merging.',
  maxItems: profiles,
});

export type ProfileReport = Infer<typeof profileReport>;
