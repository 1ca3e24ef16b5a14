import type { EventReason, RouterProfile, RouterProfileStatus } from '../../api/index.ts';
import { type EventInput, findCondition, refOf } from '../../kube/index.ts';

type ProfileEvent = EventInput & { reason: EventReason };

/** What a person would want to hear about a status that was just written, once each; `profile` is as it was before. */
export function profileEvents(profile: RouterProfile, after: RouterProfileStatus): ProfileEvent[] {
  const before = profile.status;
  const regarding = refOf(profile);
  const accepted = findCondition(after.conditions, 'Accepted');
  const wasAccepted = findCondition(before?.conditions, 'Accepted');
  if (accepted?.status === 'False') {
    if (wasAccepted?.status === 'False' && wasAccepted.reason === accepted.reason) return [];
    const note = accepted.message;
    return [{ regarding, type: 'Warning', reason: 'ProfileRefused', action: 'Accept', note }];
  }
  const { rollout } = after;
  const isNew =
    before?.rollout?.startedAt !== rollout?.startedAt || before?.rollout?.state !== rollout?.state;
  if (rollout === undefined || !isNew) return [];
  if (rollout.state === 'Stopped') {
    const note = rollout.stopped ?? '';
    return [{ regarding, type: 'Warning', reason: 'RolloutStopped', action: 'RollOut', note }];
  }
  // A profile that nobody has is no news.
  if (rollout.state === 'Done' && (after.routers?.applied ?? 0) > 0) {
    const note = findCondition(after.conditions, 'Ready')?.message ?? '';
    return [{ regarding, type: 'Normal', reason: 'RolledOut', action: 'RollOut', note }];
  }
  return [];
}
