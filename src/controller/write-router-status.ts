import { ROUTERS, type Router } from '../api/index.ts';
import { applyStatusIfChanged, isApiError, type ReconcileContext } from '../kube/index.ts';
import { storedScript } from './remember-router.ts';
import { routerEvent } from './router-events.ts';
import { digestOf } from './router-script.ts';
import { planRouterStatus, type RouterOutcome } from './router-status.ts';
import { FIELD_MANAGER, type World } from './world.ts';

/** Writes the controller's part of a Router's status and tells the Event of it, where there is anything new in it. */
export async function writeRouterStatus(
  world: World,
  router: Router,
  outcome: RouterOutcome,
  context: ReconcileContext,
): Promise<void> {
  const { status, owned } = planRouterStatus(router, outcome, world.now().getTime());
  const { signal } = context;
  // The cache holds a digest in the script's place: compared by that, written as it is.
  const comparable = outcome.kind === 'granted' ? { ...status, script: digestOf(outcome.script) } : status;
  const client: Parameters<typeof applyStatusIfChanged>[0] = {
    applyStatus: async (type, object, options) => {
      const isKept = outcome.kind !== 'granted' && status.script !== undefined;
      const script = isKept ? await storedScript(world, router, signal) : status.script;
      const whole = { ...status, ...(script === undefined ? {} : { script }) };
      return world.client.applyStatus(type, { ...object, status: whole } as typeof object, options);
    },
  };
  try {
    const written = await applyStatusIfChanged(client, ROUTERS, router, comparable, {
      fieldManager: FIELD_MANAGER,
      owned,
      signal,
    });
    if (written === undefined) return;
    context.wrote(world.caches.routers, written);
  } catch (error) {
    // Changed, deleted, or made again under another uid: the cache will tell, and wake this router.
    if (isApiError(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  const event = routerEvent(router, outcome, status);
  if (event !== undefined) world.events.record(event);
}
