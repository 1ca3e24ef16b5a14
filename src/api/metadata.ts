/** What the API server puts into every stored object (apimachinery meta/v1 ObjectMeta), as far as we read it. */
export interface ObjectMeta {
  name: string;
  uid: string;
  resourceVersion: string;
  /** Counts changes of the spec; status writes leave it alone. */
  generation: number;
  /** RFC 3339, seconds. */
  creationTimestamp: string;
  /** Set once deletion has been asked for and finalizers hold the object. */
  deletionTimestamp?: string;
  generateName?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One of our objects as the API server returns it: defaults filled in, a status perhaps not yet written. */
export interface Stored<Kind extends string, Meta extends ObjectMeta, Spec, Status> {
  apiVersion: string;
  kind: Kind;
  metadata: Meta;
  spec: Spec;
  status?: Status;
}

/** One of our objects as a person or a controller writes it. */
export interface Manifest<Kind extends string, Spec> {
  apiVersion: string;
  kind: Kind;
  metadata: Pick<ObjectMeta, 'name' | 'labels' | 'annotations' | 'ownerReferences'> & { namespace?: string };
  spec: Spec;
}

/** A resource of the API server and, by its type parameter, the shape of its objects. */
export interface ResourceType<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the object's type. */
  readonly objectType?: T;
}
