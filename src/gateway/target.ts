import type { Router } from '../api/index.ts';
import { findCondition, type Informer } from '../kube/index.ts';
import type { Link } from './connectivity.ts';
import type { Fleet, Place } from './fleet.ts';

export interface Target {
  router: Router;
  place: Place;
  link: Link;
}

/** The Router by this key, when its router is here and connected, and the operator may change it. */
export function targetOf(
  routers: Pick<Informer<Router>, 'get'>,
  fleet: Pick<Fleet, 'place'>,
  key: string,
): Target | undefined {
  const router = routers.get(key);
  const place = fleet.place(key);
  if (router === undefined || place === undefined || place.peer.router.uid !== router.metadata.uid)
    return undefined;
  const { spec, metadata } = router;
  const link = place.tunnel.links.get(place.peer.router.publicKey);
  if (link?.state !== 'Connected') return undefined;
  if (spec.suspended || !spec.autoConfiguration.enabled || metadata.deletionTimestamp !== undefined)
    return undefined;
  return { router, place, link };
}

/** Whether the router itself is set up, whatever became of its profiles. */
export function isConfigured({ status }: Router): boolean {
  const configured = findCondition(status?.conditions, 'Configured');
  return configured?.status === 'True' || configured?.reason === 'ProfileFailed';
}
