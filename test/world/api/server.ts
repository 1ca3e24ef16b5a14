import {
  type KubeApiError,
  type KubeObject,
  keyFor,
  type ObjectName,
  type ResourceType,
} from '../../../src/kube/index.ts';
import { statusError } from '../../../src/kube/status-error.ts';
import { applied, disagrees, type Owners, replaced, sameOwners } from './field-owners.ts';
import { copy, equal } from './json.ts';
import { type CustomObject, defaulted, isCustom, refusedChange, refusedStatus } from './kinds.ts';
import { type Selection, selects } from './selector.ts';

/** One change of the store; `before` and `after` are the server's own and must not be changed. */
export interface Change {
  version: number;
  /** Who did it. */
  by: string;
  plural: string;
  key: string;
  before: KubeObject | undefined;
  after: KubeObject | undefined;
}

interface Kept {
  object: KubeObject;
  owners: Owners;
}

export interface Conditional {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

const NO_OWNERS: Owners = new Map();
const FIRST_VERSION = 1000;

/**
 * The API server as far as our programs use it: one store with one revision, optimistic concurrency, preconditions,
 * server-side apply of statuses, finalizers, lists in pages, a log of changes that watches read. Every verb happens in
 * an instant; delays and faults are the network's.
 */
export class ApiServer {
  version = FIRST_VERSION;
  readonly #log: Change[] = [];
  /** Who is at it. */
  by = 'people';
  /** Versions before this one are compacted away. */
  oldest = FIRST_VERSION;
  readonly #wall: () => number;
  readonly #objects = new Map<string, Map<string, Kept>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #pages = new Map<string, KubeObject[]>();
  #made = 0;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All changes after a version. */
  since(version: number): Change[] {
    return this.#log.slice(version - FIRST_VERSION);
  }

  /** The stored object itself, for those who only look. */
  peek<T extends KubeObject>(type: ResourceType<T>, key: string): T | undefined {
    return this.#objects.get(type.plural)?.get(key)?.object as T | undefined;
  }

  /** All objects of a kind, as {@link peek} has them. */
  all<T extends KubeObject>(type: ResourceType<T>): T[] {
    return [...(this.#objects.get(type.plural)?.values() ?? [])].map(({ object }) => object as T);
  }

  get(type: ResourceType, name: ObjectName): KubeObject {
    return copy(this.#kept('get', type, name).object);
  }

  list(
    type: ResourceType,
    selection: Selection & { limit?: number | undefined; continue?: string | undefined },
  ) {
    const { limit } = selection;
    const [at = this.version, rest = this.#selected(type, selection)] = this.#page(type, selection.continue);
    const items = limit === undefined ? rest : rest.slice(0, limit);
    const left = rest.slice(items.length);
    const next = left.length === 0 ? undefined : `${at}/${this.#pages.size}`;
    if (next !== undefined) this.#pages.set(next, left);
    return {
      items: items.map(copy),
      resourceVersion: String(at),
      ...(next !== undefined && { continue: next, remainingItemCount: left.length }),
    };
  }

  create(type: ResourceType, sent: KubeObject): KubeObject {
    const key = keyFor(sent.metadata);
    if (this.peek(type, key) !== undefined) {
      throw refusal('create', type, key, 409, 'AlreadyExists', `${type.plural} "${key}" already exists`);
    }
    const { status: _, ...rest } = copy(sent) as KubeObject & { status?: unknown };
    const metadata = {
      ...rest.metadata,
      uid: `uid-${++this.#made}`,
      creationTimestamp: this.#now(),
      ...(isCustom(type) && { generation: 1 }),
    };
    const object = defaulted(type, { ...(isCustom(type) ? rest : copy(sent)), metadata });
    return this.#store(type, undefined, { object, owners: NO_OWNERS });
  }

  /** PUT of all but the status, which custom resources keep apart. */
  update(type: ResourceType, sent: KubeObject): KubeObject {
    const kept = this.#kept('update', type, sent.metadata);
    const { object: old } = kept;
    this.#check('update', type, sent.metadata, kept, sent.metadata);
    const { uid, creationTimestamp, generation, deletionTimestamp } = old.metadata;
    const metadata = {
      ...copy(sent.metadata),
      ...(uid !== undefined && { uid }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(generation !== undefined && { generation }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    };
    if (!isCustom(type)) return this.#store(type, kept, { ...kept, object: { ...copy(sent), metadata } });
    const custom = old as unknown as CustomObject;
    const next = defaulted(type, { ...copy(sent), metadata, status: custom.status }) as KubeObject;
    const refused = refusedChange(type, old, next);
    if (refused !== undefined) throw refusal('update', type, keyFor(metadata), 422, 'Invalid', refused);
    if (!equal((next as unknown as CustomObject).spec, custom.spec)) {
      next.metadata = { ...metadata, generation: (generation ?? 0) + 1 };
    }
    return this.#store(type, kept, { ...kept, object: next });
  }

  /** PUT of the status, as a person does with `kubectl edit --subresource=status`. */
  replaceStatus(
    type: ResourceType,
    name: ObjectName,
    status: Record<string, unknown> | undefined,
  ): KubeObject {
    const kept = this.#kept('update', type, name);
    const object = kept.object as unknown as CustomObject;
    const next = replaced(
      { status: object.status, owners: kept.owners },
      status ?? { observedGeneration: -1 },
    );
    return this.#storeStatus('update', type, kept, next);
  }

  /** Server-side apply of a status, forced. */
  applyStatus(
    type: ResourceType,
    sent: KubeObject & { status?: object },
    manager: string,
    condition: Conditional,
  ): KubeObject {
    const kept = this.#kept('apply', type, sent.metadata);
    // Of the metadata that a write of a status sends only the version is looked at: a uid says nothing.
    this.#check('apply', type, sent.metadata, kept, { resourceVersion: condition.resourceVersion });
    const { status } = kept.object as unknown as CustomObject;
    const next = applied({ status, owners: kept.owners }, manager, copy(sent.status ?? {}));
    return this.#storeStatus('apply', type, kept, next);
  }

  /** Server-side apply of an object that has no status of ours: made, where there is none. */
  apply(
    type: ResourceType,
    sent: KubeObject,
    manager: string,
    force: boolean,
    { uid, resourceVersion }: Conditional,
  ): KubeObject {
    const key = keyFor(sent.metadata);
    const kept = this.#objects.get(type.plural)?.get(key);
    const said = contentOf(copy(sent));
    if (kept === undefined) {
      if (uid !== undefined || resourceVersion !== undefined)
        throw refusal('apply', type, key, 409, 'Conflict', 'there is no such object');
      const { owners } = applied({ status: {}, owners: NO_OWNERS }, manager, said);
      const metadata = { ...copy(sent.metadata), uid: `uid-${++this.#made}`, creationTimestamp: this.#now() };
      return this.#store(type, undefined, { object: { ...copy(sent), metadata }, owners });
    }
    const { object, owners } = kept;
    this.#check('apply', type, sent.metadata, kept, { resourceVersion });
    if (uid !== undefined && uid !== object.metadata.uid)
      throw refusal('apply', type, key, 422, 'Invalid', 'metadata.uid: field is immutable');
    const before = { status: contentOf(object), owners };
    if (!force && disagrees(before, manager, said))
      throw refusal('apply', type, key, 409, 'Conflict', 'another manager has another value');
    const next = applied(before, manager, said);
    const { metadata, ...content } = (next.status ?? {}) as Record<string, object> & { metadata?: object };
    const { labels: _, annotations: __, ...named } = object.metadata;
    const { apiVersion, kind } = object;
    const { status } = object as KubeObject & { status?: object };
    const whole = {
      apiVersion,
      kind,
      metadata: { ...named, ...metadata },
      ...content,
      ...(status && { status }),
    };
    return this.#store(type, kept, { object: whole as KubeObject, owners: next.owners });
  }

  /** JSON merge patch, one level deep: what an Event's series needs. */
  patch(type: ResourceType, name: ObjectName, patch: object): KubeObject {
    const kept = this.#kept('patch', type, name);
    return this.#store(type, kept, { ...kept, object: { ...kept.object, ...copy(patch) } });
  }

  delete(type: ResourceType, name: ObjectName, condition: Conditional = {}): void {
    const kept = this.#kept('delete', type, name);
    this.#check('delete', type, name, kept, condition);
    const { object } = kept;
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#remove(type, object);
      return;
    }
    if (object.metadata.deletionTimestamp !== undefined) return;
    const { generation } = object.metadata;
    const metadata = {
      ...object.metadata,
      deletionTimestamp: this.#now(),
      deletionGracePeriodSeconds: 0,
      ...(generation !== undefined && { generation: generation + 1 }),
    };
    this.#store(type, kept, { ...kept, object: { ...object, metadata } });
  }

  /** Takes the finalizers away; an object that was being deleted goes with the last. */
  finalize(type: ResourceType, name: ObjectName): void {
    const kept = this.#kept('update', type, name);
    const { finalizers: _, ...metadata } = kept.object.metadata;
    if (metadata.deletionTimestamp !== undefined) this.#remove(type, kept.object);
    else this.#store(type, kept, { ...kept, object: { ...kept.object, metadata } });
  }

  /** Forgets all history: a watch from before, and the rest of a list that was begun before, is Expired. */
  compact(): void {
    this.oldest = this.version;
    this.#pages.clear();
  }

  #selected(type: ResourceType, selection: Selection): KubeObject[] {
    const all = [...(this.#objects.get(type.plural) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return all.map(([, { object }]) => object).filter((object) => selects(selection, object));
  }

  #page(type: ResourceType, token: string | undefined): [number?, KubeObject[]?] {
    if (token === undefined) return [];
    const rest = this.#pages.get(token);
    if (rest === undefined)
      throw refusal('list', type, '', 410, 'Expired', 'The provided continue parameter is too old');
    return [Number(token.split('/')[0]), rest];
  }

  #kept(verb: string, type: ResourceType, name: ObjectName): Kept {
    const key = keyFor(name);
    const kept = this.#objects.get(type.plural)?.get(key);
    if (kept === undefined)
      throw refusal(verb, type, key, 404, 'NotFound', `${type.plural} "${key}" not found`);
    return kept;
  }

  #check(verb: string, type: ResourceType, name: ObjectName, { object }: Kept, condition: Conditional): void {
    const { uid, resourceVersion } = condition;
    if (
      (uid !== undefined && uid !== object.metadata.uid) ||
      (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
    ) {
      throw refusal(verb, type, keyFor(name), 409, 'Conflict', 'the object has been modified');
    }
  }

  #storeStatus(
    verb: string,
    type: ResourceType,
    kept: Kept,
    { status, owners }: { status: Record<string, unknown> | undefined; owners: Owners },
  ): KubeObject {
    const refused = refusedStatus(status);
    const key = keyFor(kept.object.metadata);
    if (refused !== undefined) throw refusal(verb, type, key, 422, 'Invalid', refused);
    return this.#store(type, kept, { object: { ...kept.object, status } as KubeObject, owners });
  }

  /** A write that changes nothing leaves the version as it is, and no watch tells of it. */
  #store(type: ResourceType, before: Kept | undefined, next: Kept): KubeObject {
    const { resourceVersion } = before?.object.metadata ?? {};
    if (before !== undefined && resourceVersion !== undefined && sameOwners(before.owners, next.owners)) {
      const unchanged = { ...next.object, metadata: { ...next.object.metadata, resourceVersion } };
      if (equal(before.object, unchanged)) return copy(before.object);
    }
    const version = ++this.version;
    const object = {
      ...next.object,
      metadata: { ...next.object.metadata, resourceVersion: String(version) },
    };
    const key = keyFor(object.metadata);
    const objects = this.#objects.get(type.plural) ?? new Map<string, Kept>();
    this.#objects.set(type.plural, objects.set(key, { ...next, object }));
    this.#tell({ version, by: this.by, plural: type.plural, key, before: before?.object, after: object });
    return copy(object);
  }

  #remove(type: ResourceType, object: KubeObject): void {
    const version = ++this.version;
    const key = keyFor(object.metadata);
    this.#objects.get(type.plural)?.delete(key);
    this.#tell({ version, by: this.by, plural: type.plural, key, before: object, after: undefined });
  }

  #tell(change: Change): void {
    this.#log.push(change);
    for (const listener of [...this.#listeners]) listener(change);
  }

  #now(): string {
    return new Date(this.#wall()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

/** What server-side apply may say of an object. */
function contentOf(object: KubeObject): Record<string, unknown> {
  const {
    apiVersion: _,
    kind: __,
    metadata,
    status: ___,
    ...content
  } = object as KubeObject & { status?: object };
  const { labels, annotations } = metadata;
  const described = { ...(labels && { labels }), ...(annotations && { annotations }) };
  return { ...content, metadata: described };
}

function refusal(
  verb: string,
  type: ResourceType,
  key: string,
  status: number,
  reason: string,
  message: string,
): KubeApiError {
  return statusError({ what: `${verb} ${type.plural} ${key}`, status, body: { reason, message } });
}
