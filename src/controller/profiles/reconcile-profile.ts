import {
  ANNOTATION_RESUME,
  profileRevision,
  ROUTER_PROFILES,
  type Router,
  type RouterProfile,
  type SecretValue,
  secretsOf,
  selectorHash,
} from '../../api/index.ts';
import { applyStatusIfChanged, isApiError, type Reconcile, type ReconcileResult } from '../../kube/index.ts';
import { FIELD_MANAGER, type World } from '../world.ts';
import { refusalOfProfile } from './accept-profile.ts';
import { planRollout, type RolloutPlan } from './plan-rollout.ts';
import { profileEvents } from './profile-events.ts';
import { OWNED_PROFILE_STATUS, planProfileStatus, problemsOf } from './profile-status.ts';
import { classesNaming, classOfProfile, rolloutSettings } from './rollout-settings.ts';
import { seatOf } from './survey.ts';

/** RouterProfile → its status: whether it can be applied, how far it is rolled out, and to how many routers. */
export const reconcileProfile =
  (world: World): Reconcile =>
  async (key, context): Promise<ReconcileResult | undefined> => {
    const { caches, client, profileValues, seats } = world;
    const profile = caches.profiles.get(key);
    if (profile === undefined || profile.metadata.deletionTimestamp !== undefined) return undefined;
    const values = profileValues.get(profile.metadata.namespace);
    // Before all its Secrets were looked at nothing can be said; who looks wakes it.
    const isKnown = ({ dataKey }: SecretValue): boolean =>
      values !== undefined && (dataKey in values.versions || values.problems.has(dataKey));
    if (!secretsOf(profile.spec).every(isKnown)) return undefined;
    const routers = [...seats.routersOf(key)].flatMap((one) => caches.routers.get(one) ?? []);
    const now = world.now().getTime();
    const revision = profileRevision(profile, values?.versions ?? {});
    const refusal = refusalOfProfile(profile, values, world.namespace);
    const classes = caches.classes.list();
    const settings = rolloutSettings(profile, classOfProfile(profile, classes)?.spec.rollout);
    const found = routers.map((router) => seatOf(router, profile, revision));
    const plan: RolloutPlan | undefined =
      refusal !== undefined || profile.spec.dryRun
        ? undefined
        : planRollout({
            revision,
            selector: selectorHash(profile),
            generation: profile.metadata.generation,
            classes: classesNaming(profile, classes),
            resume: resumeOf(profile),
            settings,
            seats: found,
            before: profile.status?.rollout,
            now,
          });
    const desired = planProfileStatus(profile, {
      revision,
      refusal,
      settings,
      seats: found,
      problems: problemsOf(profile, routers as Router[], revision),
      plan,
      now,
    });
    const again: ReconcileResult | undefined =
      plan?.againAt === undefined ? undefined : { requeueAfterMs: Math.max(plan.againAt - now, 1000) };
    try {
      const written = await applyStatusIfChanged(client, ROUTER_PROFILES, profile, desired, {
        fieldManager: FIELD_MANAGER,
        owned: OWNED_PROFILE_STATUS,
        signal: context.signal,
      });
      if (written === undefined) return again;
      context.wrote(caches.profiles, written);
    } catch (error) {
      // Deleted, or made again under another uid, or changed meanwhile: the cache will tell.
      if (isApiError(error, 'NotFound', 'Conflict')) return undefined;
      throw error;
    }
    for (const event of profileEvents(profile, desired)) world.events.record(event);
    return again;
  };

const resumeOf = ({ metadata }: RouterProfile): string =>
  (metadata.annotations?.[ANNOTATION_RESUME] ?? '').slice(0, 256);
