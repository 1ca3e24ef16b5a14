import type { KubeObject, ObjectMeta, ObjectName, ResourceType } from './object.ts';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Limit of the whole call with its retries; default 30 s. */
  timeoutMs?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The reply is the object's metadata and nothing else, whatever its type says: what was written the caller knows. */
  metadataAlone?: boolean | undefined;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Objects a page. */
  limit?: number | undefined;
  /** Token of the page before. */
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  resourceVersionMatch?: 'NotOlderThan' | 'Exact' | undefined;
  /** Objects come with their metadata and nothing else, whatever their type says. */
  metadataAlone?: boolean | undefined;
}

export interface ObjectList<T extends KubeObject> {
  items: T[];
  resourceVersion: string;
  /** Token of the next page, absent on the last. */
  continue?: string;
  remainingItemCount?: number;
}

/** Refuse the write with Conflict unless the stored object has this uid and/or resourceVersion. */
export interface Preconditions {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

export interface DeleteOptions extends CallOptions, Preconditions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

/** Which objects, in one namespace. */
export interface DeleteAllOptions extends CallOptions {
  namespace: string;
  labelSelector?: string | undefined;
}

export interface ApplyOptions extends CallOptions, Preconditions {
  fieldManager: string;
  /** Take fields over from other managers; default true, as controllers should. */
  force?: boolean | undefined;
}

export interface PatchOptions extends CallOptions {
  fieldManager?: string | undefined;
  subresource?: 'status' | 'scale' | undefined;
}

export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** What server-side apply sends: exactly the fields that the manager owns. apiVersion and kind are filled in. */
export type Applied<T extends KubeObject> = Omit<DeepPartial<T>, 'metadata'> & {
  metadata: ObjectName & Partial<ObjectMeta>;
};

/** What create sends; apiVersion and kind are filled in. */
export type Created<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind'> & Partial<KubeObject>;

/**
 * The API server's verbs. All throw KubeApiError and nothing else. Code that writes should depend on this interface
 * (or a Pick of it), so that tests can stand in between.
 */
export interface KubeApi {
  /** undefined when there is no such object. */
  get<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options?: CallOptions,
  ): Promise<T | undefined>;
  /** One page. */
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** AlreadyExists when the name is taken. Never sent twice unless the first was surely not received. */
  create<T extends KubeObject>(type: ResourceType<T>, object: Created<T>, options?: WriteOptions): Promise<T>;
  /** PUT; the object must carry the resourceVersion it was read with. Conflict when that has passed. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** true: deleted, or being deleted and held by finalizers; false: there was no such object. */
  delete<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<boolean>;
  /** Deletes every object that is selected, in one request. */
  deleteAll(type: ResourceType, options: DeleteAllOptions): Promise<void>;
  /** JSON of a path that is no resource, which every authenticated user may read: `/version`, `/openapi/v3/…`. */
  document(path: string, options?: CallOptions): Promise<unknown>;
  /** Server-side apply: fields that this manager applied before and now omits are removed. */
  apply<T extends KubeObject>(type: ResourceType<T>, object: Applied<T>, options: ApplyOptions): Promise<T>;
  /**
   * Server-side apply of the status subresource. Bind it by `resourceVersion`: to a `uid` the server pays no heed.
   * Only the metadata comes back: a status may hold 10 kB, and the watch brings it anyway.
   */
  applyStatus<T extends KubeObject>(
    type: ResourceType<T>,
    object: Applied<T>,
    options: ApplyOptions,
  ): Promise<KubeObject>;
  /** JSON merge patch (RFC 7396): null removes a field, lists are replaced whole. */
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    name: ObjectName,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
}
