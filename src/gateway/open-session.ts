import type { Router, RouterAccess } from '../api/index.ts';
import type { Place } from './fleet.ts';
import type { HandoverCache } from './handover-cache.ts';
import { type LogIn, logIn } from './log-in.ts';
import { accessOf, dialTo, noLogIn } from './router-access.ts';
import type { SidecarPort } from './sidecar-health.ts';

export interface SessionOptions {
  sidecar: Pick<SidecarPort, 'connect'>;
  cache: Pick<HandoverCache, 'accessSecret'>;
}

/** Throws while the router has no log-in here. */
export function needAccess(cache: SessionOptions['cache'], place: Place): RouterAccess {
  const access = accessOf(cache, place);
  if (access === undefined) throw new Error(`${noLogIn(place)}.`);
  return access;
}

/** Logs in with what the router has by now. The caller ends the session, which lasts so many ms at most. */
export function openSession(
  { sidecar, cache }: SessionOptions,
  router: Router,
  place: Place,
  sessionMs: number,
  signal: AbortSignal,
): Promise<LogIn> {
  // It may have been given another password meanwhile.
  const access = needAccess(cache, place);
  const revision = router.status?.credentials?.revision;
  return logIn({ dial: dialTo(sidecar, place, access), access, revision, sessionMs, signal });
}
