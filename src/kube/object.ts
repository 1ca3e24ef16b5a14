/** The parts of a Kubernetes object that the runtime itself reads (apimachinery meta/v1 ObjectMeta). */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  /** Counts changes of the spec; status writes leave it alone. */
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** RFC 3339, seconds. */
  creationTimestamp?: string;
  /** Set once deletion has been asked for and finalizers hold the object. */
  deletionTimestamp?: string;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/**
 * A resource of the API server and, by its type parameter, the shape of its objects.
 * `group` is empty for the core group.
 */
export interface ResourceType<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the object's type. */
  readonly objectType?: T;
}

/** Names one object of a resource; `namespace` is absent for cluster-scoped resources. */
export interface ObjectName {
  name: string;
  namespace?: string;
}

/** Names one object of any resource, as Events and conditions do (core/v1 ObjectReference). */
export interface ObjectRef extends ObjectName {
  apiVersion: string;
  kind: string;
  uid?: string;
  resourceVersion?: string;
}

/** `namespace/name`, or `name` alone for a cluster-scoped object (client-go MetaNamespaceKeyFunc). */
export function keyOf(object: { metadata: ObjectName }): string {
  return keyFor(object.metadata);
}

export function keyFor(name: ObjectName): string {
  return name.namespace ? `${name.namespace}/${name.name}` : name.name;
}

/** Takes a key of {@link keyOf} apart; names hold no `/`, so the first one divides. */
export function nameOf(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function refOf(object: KubeObject): ObjectRef {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}

export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/**
 * What decisions are made by: without labels, annotations, finalizers and owners. Written out as a literal, since an
 * object that is put together field by field keeps room for more, 40 bytes of it.
 */
export function leanMetadata<M extends ObjectMeta>(metadata: M): M {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } =
    metadata;
  const lean = { name, namespace, uid, resourceVersion, generation, creationTimestamp };
  return (deletionTimestamp === undefined ? lean : { ...lean, deletionTimestamp }) as M;
}
