import type { KubeObject, ObjectRef, ResourceType } from './object.ts';

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  /** Values are base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

export interface Secret extends KubeObject {
  type?: string;
  /** Values are base64. */
  data?: Record<string, string>;
  /** Plain text, write only: the server moves it into `data`. */
  stringData?: Record<string, string>;
  immutable?: boolean;
}

export interface Namespace extends KubeObject {
  status?: { phase?: string };
}

export interface Node extends KubeObject {
  spec?: {
    unschedulable?: boolean;
    taints?: { key: string; value?: string; effect: string }[];
    podCIDRs?: string[];
  };
  status?: {
    addresses?: { type: string; address: string }[];
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    /** MicroTime: RFC 3339 with exactly six digits of a second, see microTime. */
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export interface Service extends KubeObject {
  spec?: {
    type?: string;
    /** `None`: headless. */
    clusterIP?: string;
    ports?: { name?: string; protocol?: string; port: number }[];
    externalTrafficPolicy?: string;
    loadBalancerClass?: string;
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** discovery.k8s.io/v1: where some endpoints of a Service are. */
export interface EndpointSlice extends KubeObject {
  addressType: string;
  endpoints?: {
    addresses: string[];
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
    nodeName?: string;
    targetRef?: { kind?: string; namespace?: string; name?: string };
  }[];
  ports?: { name?: string; protocol?: string; port?: number }[];
}

/** On an EndpointSlice: the name of its Service. */
export const LABEL_SERVICE_NAME = 'kubernetes.io/service-name';

/** networking.k8s.io/v1, since Kubernetes 1.33: a range that Services get their addresses from. */
export interface ServiceCidr extends KubeObject {
  spec?: { cidrs?: string[] };
}

/** events.k8s.io/v1 Event; times are MicroTime. */
export interface Event extends KubeObject {
  eventTime: string;
  type: 'Normal' | 'Warning';
  reason: string;
  action: string;
  note: string;
  regarding: ObjectRef;
  related?: ObjectRef;
  reportingController: string;
  reportingInstance: string;
  series?: { count: number; lastObservedTime: string };
}

/** authentication.k8s.io/v1: whose token is this? Asked by {@link KubeClient.review}; nothing is stored. */
export interface TokenReview extends KubeObject {
  spec: { token: string; audiences?: string[] };
  status?: {
    authenticated?: boolean;
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
    /** Those asked for that the token is for; absent from a server that knows no audiences. */
    audiences?: string[];
    error?: string;
  };
}

/** authorization.k8s.io/v1: may somebody do this? Asked by {@link KubeClient.review}; nothing is stored. */
export interface SubjectAccessReview extends KubeObject {
  spec: object;
  status?: { allowed: boolean; denied?: boolean; reason?: string };
}

export const configMaps: ResourceType<ConfigMap> = core('configmaps', 'ConfigMap', true);
export const secrets: ResourceType<Secret> = core('secrets', 'Secret', true);
export const namespaces: ResourceType<Namespace> = core('namespaces', 'Namespace', false);
export const nodes: ResourceType<Node> = core('nodes', 'Node', false);
export const services: ResourceType<Service> = core('services', 'Service', true);
export const endpointSlices: ResourceType<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
export const leases: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const serviceCidrs: ResourceType<ServiceCidr> = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'servicecidrs',
  kind: 'ServiceCIDR',
  namespaced: false,
};
export const tokenReviews: ResourceType<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};
export const subjectAccessReviews: ResourceType<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
};
export const events: ResourceType<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

function core<T extends KubeObject>(plural: string, kind: string, namespaced: boolean): ResourceType<T> {
  return { group: '', version: 'v1', plural, kind, namespaced };
}
