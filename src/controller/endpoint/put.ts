import { ENDPOINT_PART, LABEL_PART } from '../../api/index.ts';
import {
  type Applied,
  type EndpointSlice,
  type Informer,
  isApiError,
  keyOf,
  type ReconcileContext,
  type Service,
} from '../../kube/index.ts';
import type { Refusal } from '../find-tunnel.ts';
import { FIELD_MANAGER, LAG_MS, type World } from '../world.ts';
import { differs } from './differs.ts';

/** Of the API server's words as much as a condition takes. */
const LONGEST_MESSAGE = 500;

/** Why an object could not be put, or when it is to be tried again; neither: it stands. */
export type PutResult = { refused: Refusal } | { againMs: number } | undefined;

/**
 * Applies an object where it differs, by server-side apply: what a cloud writes beside it (node ports, finalizers, its
 * status) stays the cloud's.
 */
export async function put<T extends Service | EndpointSlice>(
  { client }: Pick<World, 'client'>,
  cache: Informer<T>,
  desired: T,
  context: ReconcileContext,
): Promise<PutResult> {
  const { signal } = context;
  const { type } = cache;
  const current = cache.get(keyOf(desired));
  // What is being deleted is made anew when it is gone, which the cache tells.
  if (current?.metadata.deletionTimestamp !== undefined) return undefined;
  if (current !== undefined && !differs(current, desired)) return undefined;
  try {
    if (current === undefined) {
      const stored = await client.get(type, desired.metadata, { signal });
      if (stored !== undefined && stored.metadata.labels?.[LABEL_PART] !== ENDPOINT_PART)
        return { refused: conflict(type.kind, keyOf(desired)) };
      if (stored !== undefined) return { againMs: LAG_MS };
    }
    const written = await client.apply(type, desired as unknown as Applied<T>, {
      fieldManager: FIELD_MANAGER,
      // One that somebody makes in this moment is not taken over.
      force: current !== undefined,
      // Nor is one that is gone made anew by this: the uid tells, and the version what is another of its name.
      uid: current?.metadata.uid,
      resourceVersion: current?.metadata.resourceVersion,
      signal,
    });
    context.wrote(cache, written);
    return undefined;
  } catch (error) {
    // Deleted, or made by another, a moment ago: the cache will tell.
    if (isApiError(error, 'Conflict', 'NotFound')) return { againMs: LAG_MS };
    if (!isApiError(error, 'Forbidden', 'Invalid', 'BadRequest')) throw error;
    const message = error.message.slice(0, LONGEST_MESSAGE);
    return { refused: { reason: 'ServiceRefused', message } };
  }
}

const conflict = (kind: string, key: string): Refusal => ({
  reason: 'ServiceConflict',
  message: `${kind} ${key} is not the operator's, and this tunnel needs one of that name: delete it, or take it elsewhere.`,
});

/** Takes an object away, unless that is under way. */
export async function take<T extends Service | EndpointSlice>(
  { client }: Pick<World, 'client'>,
  cache: Informer<T>,
  object: T,
  context: ReconcileContext,
): Promise<void> {
  const { uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined) return;
  try {
    await client.delete(cache.type, object.metadata, { uid, signal: context.signal });
  } catch (error) {
    // Another has its name by now.
    if (!isApiError(error, 'Conflict')) throw error;
    return;
  }
  context.deleted(cache, object);
}
