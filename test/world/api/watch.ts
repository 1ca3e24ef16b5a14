import type { KubeObject, ResourceType, WatchEvent } from '../../../src/kube/index.ts';
import { copy } from './json.ts';
import { type Selection, selects } from './selector.ts';
import type { ApiServer, Change } from './server.ts';

/**
 * What a watch says of a change: an object that comes to be selected is ADDED, one that ceases to be is DELETED with
 * what it was last (apiserver/pkg/storage/cacher convertToWatchEvent). undefined: nothing.
 */
export function eventOf<T extends KubeObject>(
  type: ResourceType<T>,
  selection: Selection,
  { plural, before, after, version }: Change,
): WatchEvent<T> | undefined {
  if (plural !== type.plural) return undefined;
  const was = before !== undefined && selects(selection, before);
  if (after !== undefined && selects(selection, after)) {
    return { type: was ? 'MODIFIED' : 'ADDED', object: copy(after) as T };
  }
  if (!was) return undefined;
  const last = copy(before) as T;
  last.metadata.resourceVersion = String(version);
  return { type: 'DELETED', object: last };
}

/** Tells of each change after `version`, those of the past at once; the result ends it. */
export function follow(server: ApiServer, version: number, tell: (change: Change) => void): () => void {
  for (const change of server.since(version)) tell(change);
  return server.onChange(tell);
}
