import {
  type ChosenBy,
  inWave,
  type ProfileReport,
  profileRevision,
  type RolloutStatus,
  selectorHash,
  shareOf,
  turnOf,
  WHOLE,
} from '../../../../src/api/index.ts';
import { profile } from './fixtures.ts';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const NIGHT = [{ from: '02:00', to: '05:00' }];
const REVISION = profileRevision(profile('a/p'), {});

const rollout = (more: Partial<RolloutStatus> = {}): RolloutStatus => ({
  revision: REVISION,
  state: 'RollingOut',
  progress: '1/4 (1)',
  stage: 1,
  share: WHOLE,
  startedAt: '2026-01-01T00:00:00Z',
  stageAt: '2026-01-01T00:00:00Z',
  generation: 1,
  selector: selectorHash(profile('a/p')),
  ...more,
});

const ACCEPTED = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'Well.',
  lastTransitionTime: '2026-01-01T00:00:00Z',
} as const;

const report = (more: Partial<ProfileReport> = {}): ProfileReport => ({
  namespace: 'a',
  name: 'p',
  revision: REVISION,
  state: 'Applied',
  ...more,
});

function turn({
  status = {},
  spec = {},
  reports = [],
  by = { by: 'router' } as ChosenBy,
  revision = REVISION,
  ofClass = undefined,
  uid = 'u1',
}: {
  status?: { rollout?: RolloutStatus; observedGeneration?: number; accepted?: 'True' | 'False' };
  spec?: Parameters<typeof profile>[1];
  reports?: ProfileReport[];
  by?: ChosenBy;
  revision?: string;
  ofClass?: Parameters<typeof turnOf>[0]['ofClass'];
  uid?: string;
} = {}) {
  const { rollout: of = rollout(), observedGeneration = 1, accepted = 'True' } = status;
  const one = profile('a/p', spec, {
    status: { observedGeneration, revision, rollout: of, conditions: [{ ...ACCEPTED, status: accepted }] },
  });
  const result = turnOf({
    chosen: { ...by, profile: one },
    revision,
    router: { uid, reports },
    ofClass,
    now: NOW,
  });
  return result.do === 'wait' ? result.reason : result.do;
}

test('within the wave it is applied, outside it waits, and what it has it keeps', () => {
  expect(turn()).toBe('apply');
  expect(turn({ status: { rollout: rollout({ share: 0 }) } })).toBe('NotItsTurn');
  expect(turn({ status: { rollout: rollout({ share: 0, canaries: ['u1'] }) } })).toBe('apply');
  expect(turn({ status: { rollout: rollout({ share: 0 }) }, reports: [report()] })).toBe('keep');
  expect(turn({ status: { rollout: rollout() }, reports: [report({ state: 'Failed' })] })).toBe('apply');
});

test('nothing is begun that is not accepted as it is now', () => {
  expect(turn({ status: { accepted: 'False' } })).toBe('NotAccepted');
  expect(turn({ status: { observedGeneration: 0 } })).toBe('NotAccepted');
  expect(turn({ status: { observedGeneration: 0 }, reports: [report()] })).toBe('keep');
});

test('a rollout of another revision is none of it', () => {
  expect(turn({ status: { rollout: rollout({ revision: 'other' }) } })).toBe('NotItsTurn');
});

test('a rollout that stopped changes no further router', () => {
  const status = { rollout: rollout({ state: 'Stopped' }) };
  expect(turn({ status })).toBe('RolloutStopped');
  expect(turn({ status, reports: [report({ state: 'Failed' })] })).toBe('RolloutStopped');
  expect(turn({ status, reports: [report()] })).toBe('keep');
});

test('whoever pauses it, profile or class, it waits', () => {
  expect(turn({ spec: { rollout: { paused: true } } })).toBe('RolloutPaused');
  expect(turn({ ofClass: { class: 'standard', profiles: [], paused: true } })).toBe('RolloutPaused');
});

test('what a class or a selector brings waits for a rollout that is for it', () => {
  const by: ChosenBy = { by: 'class', class: 'standard' };
  expect(turn({ by })).toBe('NotItsTurn');
  expect(turn({ by, status: { rollout: rollout({ classes: ['standard'] }) } })).toBe('apply');
  const spec = { selector: { matchLabels: { site: 'hotel' } } };
  expect(turn({ by: { by: 'selector' }, spec })).toBe('NotItsTurn');
  const selector = selectorHash(profile('a/p', spec));
  expect(turn({ by: { by: 'selector' }, spec, status: { rollout: rollout({ selector }) } })).toBe('apply');
});

test('outside of the windows of profile or class only a new router is configured, once the rollout is done', () => {
  const other = report({ name: 'q' });
  const spec = { rollout: { windows: NIGHT } };
  expect(turn({ spec, reports: [other] })).toBe('OutsideWindow');
  expect(turn({ spec })).toBe('OutsideWindow');
  const status = { rollout: rollout({ state: 'Done' }) };
  expect(turn({ spec, status, reports: [other] })).toBe('OutsideWindow');
  expect(turn({ spec, status })).toBe('apply');
  const ofClass = { class: 'standard', profiles: [], windows: NIGHT };
  expect(turn({ ofClass, status, reports: [other] })).toBe('OutsideWindow');
});

test('a revision names what is asked for, and not who gets it and how', () => {
  const revision = (spec: Parameters<typeof profile>[1], versions = {}) =>
    profileRevision(profile('a/p', spec), versions);
  expect(revision({ selector: {}, rollout: { paused: true }, drift: 'Report' })).toBe(REVISION);
  expect(revision({ dryRun: true })).not.toBe(REVISION);
  expect(revision({ resources: [{ path: '/ip/dns', set: { servers: '10.100.0.2' } }] })).not.toBe(REVISION);
  const values = [{ name: 'radius', secretKeyRef: { name: 'radius', key: 'secret' } }];
  const [one, two] = ['1', '2'].map((version) =>
    revision({ values }, { radius_secret: version, other_key: version }),
  );
  expect(one).not.toBe(two);
  expect(revision({ values }, { radius_secret: '1', other_key: '9' })).toBe(one);
});

test('a share is of that many routers, other ones for each revision, and who is in stays in as it grows', () => {
  const uids = Array.from(
    { length: 20_000 },
    (_, at) => `0f3c1a52-7b1e-4c3a-9d55-${String(at).padStart(12, '0')}`,
  );
  for (const revision of ['3f9a01c27b', '3f9a01c27c']) {
    const of = (share: number) => uids.filter((uid) => inWave(uid, { revision, share }));
    expect(of(0)).toEqual([]);
    expect(of(WHOLE)).toEqual(uids);
    for (const share of [10, 100, 500]) {
      const expected = (uids.length * share) / WHOLE;
      expect(Math.abs(of(share).length - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    const tenth = new Set(of(100));
    expect(of(10).every((uid) => tenth.has(uid))).toBe(true);
  }
  const same = uids.filter((uid) => shareOf(uid, '3f9a01c27b') < 100 && shareOf(uid, '3f9a01c27c') < 100);
  expect(same.length).toBeLessThan(uids.length * 0.02);
});
