import type { ResourceType } from '../metadata.ts';
import { s } from '../schema/builder.ts';
import type { DefaultedSchema, Rule, Schema } from '../schema/schema.ts';
import { ROUTER_PROFILES, ROUTERS, TENANT_TUNNELS, TUNNEL_CLASSES } from './kinds.ts';
import { routerRules, routerSpec } from './router.ts';
import { routerProfileSpec, routerProfileStatus } from './router-profile.ts';
import { routerStatus } from './router-status.ts';
import { NOT_YET_OBSERVED } from './status.ts';
import { tenantTunnelRules, tenantTunnelSpec, tenantTunnelStatus } from './tenant-tunnel.ts';
import { tunnelClassSpec } from './tunnel-class.ts';
import { tunnelClassRules } from './tunnel-class-rules.ts';
import { tunnelClassStatus } from './tunnel-class-status.ts';

/** A column of `kubectl get`; one with priority 1 shows with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 1;
}

/** All that a CustomResourceDefinition and the reference say about one kind in one version. */
export interface KindDefinition {
  readonly resource: ResourceType<unknown>;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly spec: Schema | DefaultedSchema;
  readonly status: Schema | DefaultedSchema;
  /** CEL rules of the whole object. */
  readonly rules: readonly Rule[];
  readonly columns: readonly PrinterColumn[];
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when the object exists.',
};

const REASON: PrinterColumn = {
  name: 'Reason',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
  description: 'Why it is, or is not, ready.',
};

const SINCE: PrinterColumn = {
  name: 'Since',
  type: 'date',
  jsonPath: '.status.conditions[?(@.type=="Ready")].lastTransitionTime',
  description: 'Since when it is, or is not, ready.',
};

const MESSAGE: PrinterColumn = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: 'What is so, and what to do.',
  priority: 1,
};

const column = (name: string, jsonPath: string, description: string): PrinterColumn => ({
  name,
  type: 'string',
  jsonPath,
  description,
});

const wide = (of: PrinterColumn): PrinterColumn => ({ ...of, priority: 1 });

const integer = (of: PrinterColumn): PrinterColumn => ({ ...of, type: 'integer' });

/** The kinds of this version, in the order in which a reader meets them. */
export const KINDS: readonly KindDefinition[] = [
  {
    resource: TUNNEL_CLASSES,
    singular: 'tunnelclass',
    shortNames: ['tuncls'],
    description:
      'How tunnels are made: the pools of their addresses and ports, the endpoint that routers connect to, which nodes are gateways, and defaults. One may be marked as default by the annotation vpn.traidnet.io/is-default-class: "true".',
    spec: tunnelClassSpec,
    status: s.withDefault(tunnelClassStatus, NOT_YET_OBSERVED),
    rules: tunnelClassRules,
    columns: [
      column(
        'Default',
        '.metadata.annotations.vpn\\.traidnet\\.io/is-default-class',
        'Whether tunnels that name no class get this one.',
      ),
      column('Endpoint', '.spec.endpoint.host', 'Where routers connect.'),
      integer(column('Tunnels', '.status.tunnels', 'Tunnels made from it.')),
      integer(column('Free', '.status.free', 'How many more it can give.')),
      REASON,
      wide(column('Pool', '.spec.pools[0].cidr', 'The first pool of subnets.')),
      wide(
        column(
          'Pressure',
          '.status.conditions[?(@.type=="PoolPressure")].reason',
          'Whether subnets or ports are nearly or wholly used up.',
        ),
      ),
      MESSAGE,
      AGE,
    ],
  },
  {
    resource: TENANT_TUNNELS,
    singular: 'tenanttunnel',
    shortNames: ['tt'],
    description:
      "One tenant's WireGuard tunnel, shared by all of the tenant's routers. A tenant has one in the whole cluster; it is made by itself when a Router names a tenant that has none; one that you write later, in that namespace, takes its place with all that its routers were given.",
    spec: s.withDefault(tenantTunnelSpec, {}),
    status: s.withDefault(tenantTunnelStatus, NOT_YET_OBSERVED),
    rules: tenantTunnelRules,
    columns: [
      column('Phase', '.status.phase', 'Whether it is up.'),
      column('Subnet', '.status.subnet', 'Addresses of its routers.'),
      column('Endpoint', '.status.endpoint', 'Where routers connect.'),
      column('Gateway', '.status.gateway', 'The node that carries it.'),
      integer(column('Routers', '.status.routers.total', 'Routers with an address.')),
      integer(column('Online', '.status.routers.online', 'Routers connected and configured.')),
      REASON,
      SINCE,
      wide(column('Interface', '.status.interfaceName', 'WireGuard interface on the gateway.')),
      wide(column('Tenant', '.spec.tenant', 'The tenant, where it is not the name.')),
      wide(column('Class', '.spec.className', 'The class, where one is named.')),
      MESSAGE,
      AGE,
    ],
  },
  {
    resource: ROUTERS,
    singular: 'router',
    shortNames: ['rtr'],
    description:
      'One MikroTik router that joins the tunnel of a tenant. Paste .status.script into its terminal once; from then on it is reachable and configured.',
    spec: routerSpec,
    status: s.withDefault(routerStatus, NOT_YET_OBSERVED),
    rules: routerRules,
    columns: [
      column('Phase', '.status.phase', 'Whether it is up.'),
      column('Address', '.status.address', 'Its address in the tunnel.'),
      column('Tunnel', '.status.tunnel', 'The tunnel it belongs to.'),
      REASON,
      SINCE,
      wide(column('Model', '.status.model', 'Board.')),
      wide(column('Version', '.status.version', 'RouterOS version.')),
      wide(column('Serial', '.status.serialNumber', 'Serial number.')),
      wide({
        name: 'Seen',
        type: 'date',
        jsonPath: '.status.lastSeen',
        description: 'When it last answered, as of the last write.',
      }),
      MESSAGE,
      AGE,
    ],
  },
  {
    resource: ROUTER_PROFILES,
    singular: 'routerprofile',
    shortNames: ['rprof'],
    description:
      'What routers are configured to: rows of RouterOS menus, with templates, rolled out in stages. See docs/rollout.md.',
    spec: routerProfileSpec,
    status: s.withDefault(routerProfileStatus, NOT_YET_OBSERVED),
    rules: [],
    columns: [
      column('Rollout', '.status.rollout.progress', 'The stage that the rollout is in, of how many.'),
      integer(column('Routers', '.status.routers.selected', 'Routers that get the profile.')),
      integer(column('Applied', '.status.routers.applied', 'Those that have this revision.')),
      integer(column('Failed', '.status.routers.failed', 'Those on which it failed.')),
      REASON,
      SINCE,
      wide(integer(column('Waiting', '.status.routers.waiting', 'Those that do not have it yet.'))),
      wide(column('Revision', '.status.revision', 'What the profile asks for, as a short hash.')),
      wide(column('First', '.spec.resources[0].path', 'The menu of the first resource.')),
      MESSAGE,
      AGE,
    ],
  },
];
