import {
  MAX_PROFILE_PROBLEMS,
  type ProfileReport,
  profileRevision,
  type RouterProfile,
  selectorHash,
} from '../../../../src/api/index.ts';
import type { Refusal } from '../../../../src/controller/profiles/accept-profile.ts';
import { planRollout } from '../../../../src/controller/profiles/plan-rollout.ts';
import { profileEvents } from '../../../../src/controller/profiles/profile-events.ts';
import { planProfileStatus, problemsOf } from '../../../../src/controller/profiles/profile-status.ts';
import { rolloutSettings } from '../../../../src/controller/profiles/rollout-settings.ts';
import { seatOf } from '../../../../src/controller/profiles/survey.ts';
import { findCondition } from '../../../../src/kube/index.ts';
import { profile } from '../../api/profiles/fixtures.ts';
import { NOW, router } from '../fixtures.ts';

const REVISION = profileRevision(profile('a/p'), {});

const routers = (count: number, state?: ProfileReport['state']) =>
  Array.from({ length: count }, (_, at) =>
    router(
      `a/r${at}`,
      { tenant: 'acme' },
      {
        metadata: { uid: `uid-${at}` },
        status: {
          phase: 'Online',
          lastHandshakeTime: '2026-01-01T00:00:00Z',
          ...(state && {
            profiles: [
              {
                namespace: 'a',
                name: 'p',
                revision: REVISION,
                state,
                ...(state === 'Failed' && {
                  problems: [
                    { row: '/ip/dns', reason: 'Refused', message: `Router ${at} has no such argument.` },
                  ],
                }),
              },
            ],
          }),
        },
      },
    ),
  );

function status(
  one: RouterProfile,
  of: ReturnType<typeof routers>,
  more: { refusal?: Refusal; now?: number } = {},
) {
  const { refusal, now = NOW } = more;
  const settings = rolloutSettings(one);
  const seats = of.map((each) => seatOf(each, one, REVISION));
  const plan =
    refusal !== undefined || one.spec.dryRun
      ? undefined
      : planRollout({
          revision: REVISION,
          selector: selectorHash(one),
          generation: one.metadata.generation,
          classes: [],
          resume: '',
          settings,
          seats,
          before: one.status?.rollout,
          now,
        });
  const problems = problemsOf(one, of, REVISION);
  return planProfileStatus(one, { revision: REVISION, refusal, settings, seats, problems, plan, now });
}

const words = (of: ReturnType<typeof status>) =>
  ['Accepted', 'Progressing', 'Ready'].map((type) => {
    const { status: is, reason } = findCondition(of.conditions, type) ?? {};
    return `${is} ${reason}`;
  });

test('under way it says the stage, how many have it, and for whom it waits', () => {
  const said = status(profile('a/p'), routers(200));
  expect(words(said)).toEqual(['True Accepted', 'True RollingOut', 'False RollingOut']);
  expect(said.rollout?.progress).toBe('1/4 (1)');
  expect(said.routers).toEqual({ selected: 200, applied: 0, failed: 0, waiting: 200 });
  expect(findCondition(said.conditions, 'Progressing')?.message).toMatch(
    /^Stage 1 of 4, 1: 0 routers have it, 0 failed; it waits for a\/r\d+\.$/,
  );
});

test('looked at once more it is the same, and nothing is written', () => {
  const one = profile('a/p');
  const first = status(one, routers(20));
  expect(status({ ...one, status: first }, routers(20), { now: NOW + 5000 })).toEqual(first);
});

test('stopped it says of how many, which and why, and how to go on; the sentence stays', () => {
  const one = profile('a/p');
  one.status = status(one, routers(3));
  const failed = routers(3, 'Failed').slice(0, 1);
  const said = status(one, [...failed, ...routers(3).slice(1)]);
  expect(words(said)).toEqual(['True Accepted', 'False RolloutStopped', 'False RolloutStopped']);
  const { message } = findCondition(said.conditions, 'Progressing') ?? {};
  expect(message).toContain('a/r0: /ip/dns: Router 0 has no such argument.');
  expect(message).toContain('vpn.traidnet.io/resume-rollout');
  expect(profileEvents(one, said).map(({ reason }) => reason)).toEqual(['RolloutStopped']);
  const later = status({ ...one, status: said }, routers(3, 'Applied'), { now: NOW + 60_000 });
  expect(findCondition(later.conditions, 'Progressing')?.message).toBe(message);
  expect(profileEvents({ ...one, status: said }, later)).toEqual([]);
});

test('rolled out it is ready, also where a few failed, and says that once', () => {
  const one = profile('a/p');
  const of = [...routers(20, 'Applied').slice(0, 19), ...routers(20, 'Failed').slice(19)];
  const said = status(one, of);
  expect(words(said)).toEqual(['True Accepted', 'False RolledOut', 'True RolledOut']);
  expect(said.problems).toEqual([
    { router: 'a/r19', row: '/ip/dns', reason: 'Refused', message: 'Router 19 has no such argument.' },
  ]);
  expect(profileEvents(one, said).map(({ reason }) => reason)).toEqual(['RolledOut']);
  expect(profileEvents({ ...one, status: said }, said)).toEqual([]);
});

test('refused it keeps where its rollout stood', () => {
  const one = profile('a/p');
  one.status = status(one, routers(20));
  const refusal: Refusal = { reason: 'SecretNotFound', message: 'Secret radius does not exist.' };
  const said = status(one, routers(20), { refusal });
  expect(words(said)).toEqual(['False SecretNotFound', 'False SecretNotFound', 'False SecretNotFound']);
  expect(said.rollout).toEqual(one.status.rollout);
  expect(profileEvents(one, said).map(({ reason }) => reason)).toEqual(['ProfileRefused']);
});

test('a dry run rolls nothing out', () => {
  const said = status(profile('a/p', { dryRun: true }), routers(3, 'Planned'));
  expect(words(said)).toEqual(['True Accepted', 'False DryRun', 'True DryRun']);
  expect([said.rollout, said.routers?.applied]).toEqual([undefined, 3]);
});

test('problems of a fleet are the first few', () => {
  expect(problemsOf(profile('a/p'), routers(100, 'Failed'), REVISION).length).toBe(MAX_PROFILE_PROBLEMS);
  expect(problemsOf(profile('a/p'), routers(100, 'Failed'), 'another')).toEqual([]);
});
