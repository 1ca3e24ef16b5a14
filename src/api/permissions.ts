import { KINDS } from './v1alpha1/definitions.ts';
import { GROUP } from './v1alpha1/kinds.ts';

/** Rights to some resources, with the reason that a reviewer may hold against them. */
export interface Permission {
  /** `''` is the core group. */
  readonly apiGroup: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Absent: all names. */
  readonly resourceNames?: readonly string[];
  readonly reason: string;
  /** The value of the chart without which it is not needed. */
  readonly when?: string;
}

/** Where a permission holds: everywhere, in the operator's namespace, in that of the gateways, or in that for backups. */
export type Scope = 'cluster' | 'system' | 'gateways' | 'backups';

/** A service account of ours. */
export interface Identity {
  /** Behind `tenant-tunnel-`. */
  readonly name: 'controller' | 'agent' | 'check' | 'crds' | 'cleanup';
  readonly what: string;
  /** Made for one Helm hook and removed after it; absent for what runs all the time. */
  readonly hook?: 'pre-install,pre-upgrade' | 'pre-delete';
  readonly permissions: Readonly<Partial<Record<Scope, readonly Permission[]>>>;
}

const LEADER = 'tenant-tunnel-controller';
const CRD_NAMES = KINDS.map(({ resource }) => `${resource.plural}.${resource.group}`);

const EVENTS: Permission = {
  apiGroup: 'events.k8s.io',
  resources: ['events'],
  verbs: ['create', 'patch'],
  reason: 'Events stand beside the object that they tell of; a repeated one becomes a count (patch).',
};

/** A role that nobody has by itself: whoever owns a namespace binds it there. */
export interface OfferedRole {
  /** Behind `tenant-tunnel-`. */
  readonly name: string;
  /** For whom, and by whom it is bound. */
  readonly what: string;
  readonly permissions: readonly Permission[];
}

export const PROFILE_VALUES: OfferedRole = {
  name: 'profile-values',
  what: 'For the controller, in namespaces whose RouterProfiles refer to Secrets, and there alone: bound by the owner of a namespace, or by the chart in those of profiles.secretNamespaces',
  permissions: [
    {
      apiGroup: '',
      resources: ['secrets'],
      verbs: ['get'],
      reason:
        'The keys that RouterProfiles of the namespace refer to, one by one by name, are copied to the agents. Write a Role with resourceNames instead to offer fewer.',
    },
  ],
};

/** All that any process of ours may do at the API server: the source of the chart's roles and of docs/rbac.md. */
export const IDENTITIES: readonly Identity[] = [
  {
    name: 'controller',
    what: 'Deployment tenant-tunnel-controller',
    permissions: {
      cluster: [
        {
          apiGroup: GROUP,
          resources: ['tunnelclasses', 'tenanttunnels', 'routers', 'routerprofiles'],
          verbs: ['list', 'watch'],
          reason: 'What people apply, in any namespace.',
        },
        {
          apiGroup: GROUP,
          resources: ['tenanttunnels', 'routers'],
          verbs: ['get'],
          reason:
            'Whether one is really gone is asked past the cache, before what it was given is taken from it.',
        },
        {
          apiGroup: GROUP,
          resources: ['tenanttunnels'],
          verbs: ['create', 'delete'],
          reason:
            "A tenant's first Router gets its TenantTunnel made. Where the tenant turns out to have one that somebody wrote, the one that was made is removed again; no other ever is.",
        },
        {
          apiGroup: GROUP,
          resources: [
            'tunnelclasses/status',
            'tenanttunnels/status',
            'routers/status',
            'routerprofiles/status',
          ],
          verbs: ['patch'],
          reason: 'Its part of each status, by server-side apply. A spec it never writes.',
        },
        {
          apiGroup: '',
          resources: ['nodes'],
          verbs: ['list', 'watch'],
          reason:
            'A class names its gateways by labels of Nodes, and tells if its pools have their addresses.',
        },
        {
          apiGroup: 'networking.k8s.io',
          resources: ['servicecidrs'],
          verbs: ['list'],
          reason:
            'A class tells if its pools overlap the range of Services. Kubernetes before 1.33 has none, and it works without.',
        },
        EVENTS,
      ],
      system: [
        {
          apiGroup: '',
          resources: ['secrets'],
          verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'],
          reason: 'The ledger: keys and addresses of every router.',
        },
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          verbs: ['create'],
          reason: 'Leader election. A name cannot restrict create: the object has none yet.',
        },
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          resourceNames: [LEADER],
          verbs: ['get', 'update'],
          reason: 'Leader election.',
        },
      ],
      gateways: [
        {
          apiGroup: '',
          resources: ['configmaps', 'secrets'],
          verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'],
          reason:
            "The handover to the agents: rendered peers, the tunnels' own keys, the log-ins of routers, values of profiles.",
        },
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          verbs: ['get', 'list', 'watch'],
          reason:
            "The agents' heartbeats: tunnels are placed on nodes that have a fresh one. Before those of a silent node are moved it is asked for once more, past the cache.",
        },
        {
          apiGroup: '',
          resources: ['services'],
          verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
          reason:
            'What leads routers to a tunnel, for classes with the endpoint mode Node or LoadBalancer. Watched only while there is one; listed once, for what an earlier class left.',
        },
        {
          apiGroup: 'discovery.k8s.io',
          resources: ['endpointslices'],
          verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
          reason: "The tunnel's node, behind its load balancer.",
        },
      ],
      backups: [
        {
          apiGroup: '',
          resources: ['secrets'],
          verbs: ['list', 'patch', 'delete'],
          reason:
            'It keeps the last few configurations of each router and deletes the others, going by names and annotations alone; it notes on one of a deleted Router since when that is gone.',
        },
      ],
    },
  },
  {
    name: 'agent',
    what: 'container agent of DaemonSet tenant-tunnel-gateway',
    permissions: {
      cluster: [
        {
          apiGroup: GROUP,
          resources: ['tenanttunnels', 'routers'],
          verbs: ['list', 'watch'],
          reason: 'The objects whose status it keeps, in any namespace.',
        },
        {
          apiGroup: GROUP,
          resources: ['routerprofiles'],
          verbs: ['list', 'watch'],
          reason: 'What routers are configured to, and how far that is rolled out.',
        },
        {
          apiGroup: GROUP,
          resources: ['tenanttunnels/status', 'routers/status'],
          verbs: ['patch'],
          reason:
            'Its part of those, by server-side apply: handshakes, what the router is, whether it is configured.',
        },
        {
          apiGroup: '',
          resources: ['services'],
          verbs: ['list', 'watch'],
          reason:
            'Those that a TenantTunnel of its node names, one by one by their names: which of their ports is meant. See docs/services.md for fewer namespaces.',
        },
        {
          apiGroup: 'discovery.k8s.io',
          resources: ['endpointslices'],
          verbs: ['list', 'watch'],
          reason: 'Of the same Services, by label: where they answer, also while the controller is down.',
        },
        EVENTS,
        {
          apiGroup: 'authentication.k8s.io',
          resources: ['tokenreviews'],
          verbs: ['create'],
          reason: 'The relay asks who a pod is that wants to reach a router.',
          when: '.Values.gateway.relay.enabled',
        },
        {
          apiGroup: 'authorization.k8s.io',
          resources: ['subjectaccessreviews'],
          verbs: ['create'],
          reason:
            'The relay asks whether that pod may: create on routers/connect, in the namespace of the Router.',
          when: '.Values.gateway.relay.enabled',
        },
      ],
      gateways: [
        {
          apiGroup: '',
          resources: ['configmaps', 'secrets'],
          verbs: ['list', 'watch'],
          reason: 'What the controller hands over; never written.',
        },
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          verbs: ['get', 'list', 'watch', 'create', 'update'],
          reason:
            'Its heartbeat, gateway-NODE. The nodes share one service account, so the name cannot be restricted. Those of the others tell who could take tunnels over, and where to ask them.',
        },
      ],
      backups: [
        {
          apiGroup: '',
          resources: ['secrets'],
          verbs: ['create'],
          reason:
            'Configurations of routers, for classes with spec.router.backup. What is there it can neither read, change nor delete: a patch would be answered with all of it.',
        },
      ],
    },
  },
  {
    name: 'check',
    what: 'helm test',
    permissions: {
      system: [
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          resourceNames: [LEADER],
          verbs: ['get'],
          reason: 'Whether a controller leads.',
        },
      ],
      gateways: [
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          verbs: ['list'],
          reason: 'Whether each gateway is alive and well.',
        },
      ],
    },
  },
  {
    name: 'crds',
    what: 'the hook that brings the CRDs to the version of the chart',
    hook: 'pre-install,pre-upgrade',
    permissions: {
      cluster: [
        {
          apiGroup: 'apiextensions.k8s.io',
          resources: ['customresourcedefinitions'],
          verbs: ['create'],
          reason:
            'A kind that an older version did not have. Server-side apply of a new object asks for it too.',
        },
        {
          apiGroup: 'apiextensions.k8s.io',
          resources: ['customresourcedefinitions'],
          resourceNames: CRD_NAMES,
          verbs: ['get', 'patch'],
          reason: 'Ours alone: applied, and waited for until they are served.',
        },
      ],
    },
  },
  {
    name: 'cleanup',
    what: 'the hook that takes all tunnels off the nodes before an uninstall',
    hook: 'pre-delete',
    permissions: {
      system: [
        {
          apiGroup: 'apps',
          resources: ['deployments/scale'],
          resourceNames: [LEADER],
          verbs: ['patch'],
          reason: 'The controller is stopped first, or it would hand everything over again.',
        },
        {
          apiGroup: '',
          resources: ['pods'],
          verbs: ['list'],
          reason: 'It is waited for until the controller is gone.',
        },
      ],
      gateways: [
        {
          apiGroup: '',
          resources: ['configmaps', 'secrets'],
          verbs: ['deletecollection'],
          reason: 'What was handed over: the ledger has all of it and is not touched.',
        },
        {
          apiGroup: '',
          resources: ['services'],
          verbs: ['deletecollection'],
          reason: 'Load balancers of tunnels, which cost money, and records for external-dns.',
        },
        {
          apiGroup: 'discovery.k8s.io',
          resources: ['endpointslices'],
          verbs: ['deletecollection'],
          reason: 'The nodes behind those.',
        },
        {
          apiGroup: 'coordination.k8s.io',
          resources: ['leases'],
          verbs: ['list'],
          reason: 'Each gateway says there when its node carries nothing any more.',
        },
      ],
    },
  },
];
