import type { ProfilesHandover, TunnelClass } from '../../api/index.ts';
import { namesProfiles } from './class-of-router.ts';

/** What of a class's profiles, rollout and backups the agents go by; nothing where the class says nothing of it. */
export function profilesOfClass({ metadata, spec }: TunnelClass): ProfilesHandover {
  const { windows, maxParallel, paused } = spec.rollout ?? {};
  const { backup } = spec.router;
  const backups = backup === undefined ? {} : { backup: { everyHours: backup.everyHours } };
  const rules = {
    ...(windows === undefined ? {} : { windows }),
    ...(maxParallel === undefined ? {} : { maxParallel }),
    ...(paused === true ? { paused } : {}),
  };
  if (!namesProfiles({ spec }) && Object.keys(rules).length === 0) return backups;
  const profiles = (spec.profiles ?? []).map(({ namespace, name }) => ({ namespace, name }));
  return { profiles: { class: metadata.name, profiles, ...rules }, ...backups };
}
