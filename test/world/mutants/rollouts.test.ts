/** Rules of rollouts left out: the search must find each. */
import { jest } from '@jest/globals';
import { TOPICS } from '../generate/generate.ts';
import { PROFILE_TOPICS } from '../generate/profiles.ts';

jest.setTimeout(120_000);

const WITH = ['tunnels', 'connections', 'leaders', 'deaths'];
const topics = [...PROFILE_TOPICS, ...TOPICS.filter(({ name }) => WITH.includes(name))];
const ofValues = PROFILE_TOPICS.filter(({ name }) => name === 'profiles' || name === 'secrets').map(
  (topic) => ({
    ...topic,
    share: 1,
  }),
);

const ROLLOUT = '../../../src/controller/profiles/plan-rollout.ts';
const VALUES = '../../../src/controller/profiles/plan-values.ts';
/** As they are, before anything stands in their place. */
const ORIGINALS: Readonly<Record<string, object>> = {
  [ROLLOUT]: await import('../../../src/controller/profiles/plan-rollout.ts'),
  [VALUES]: await import('../../../src/controller/profiles/plan-values.ts'),
};
const { planRollout } = await import('../../../src/controller/profiles/plan-rollout.ts');
const { planValues } = await import('../../../src/controller/profiles/plan-values.ts');

type Mocked = [what: string, path: string, instead: object];

const MUTANTS: Mocked[] = [
  [
    'one that stopped goes on by itself',
    ROLLOUT,
    {
      planRollout: (input: Parameters<typeof planRollout>[0]) =>
        planRollout({
          ...input,
          ...(input.before?.state === 'Stopped' && {
            before: { ...input.before, state: 'RollingOut' as const },
          }),
        }),
    },
  ],
  [
    'nothing that fails is seen',
    ROLLOUT,
    {
      planRollout: (input: Parameters<typeof planRollout>[0]) =>
        planRollout({
          ...input,
          seats: input.seats.map((seat) =>
            seat.outcome === 'failed' ? { ...seat, outcome: 'applied' } : seat,
          ),
        }),
    },
  ],
  [
    'no stage is watched',
    ROLLOUT,
    {
      planRollout: (input: Parameters<typeof planRollout>[0]) =>
        planRollout({ ...input, settings: { ...input.settings, bakeMs: 0 } }),
    },
  ],
  [
    'a copy keeps what nobody refers to',
    VALUES,
    {
      planValues: (input: Parameters<typeof planValues>[0]) => {
        const plan = planValues(input);
        const data = { ...input.before?.data, ...plan.copy?.data };
        return plan.copy === undefined ? plan : { ...plan, copy: { ...plan.copy, data } };
      },
    },
  ],
];

async function broken(within: number, path: string, instead: object) {
  jest.resetModules();
  for (const [each, original] of Object.entries(ORIGINALS))
    jest.unstable_mockModule(each, () => (each === path ? { ...original, ...instead } : original));
  const { found } = await import('./found-within.ts');
  return found(within, undefined, path === VALUES ? ofValues : topics);
}

test.each(MUTANTS)('found: %s', async (_what, path, instead) => {
  expect((await broken(100, path, instead))?.invariant).toMatch(/^(10 rollouts|8 rest)$/);
});

test('with every rule in its place nothing is found', async () => {
  expect(await broken(60, ROLLOUT, {})).toBeUndefined();
});
