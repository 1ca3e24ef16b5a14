import { DEFAULT_BACKUP_NAMESPACE } from '../../src/api/index.ts';
import { IDENTITIES, type Scope } from '../../src/api/permissions.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../testbed/system.ts';
import type { Use } from './audit.ts';

/** One verb on one resource in one place: a permission taken apart. */
export interface Right {
  /** Name of the service account. */
  identity: string;
  /** Empty for the whole cluster. */
  namespace: string;
  apiGroup: string;
  resource: string;
  verb: string;
  /** Null: all names. */
  names: readonly string[] | null;
  reason: string;
}

/**
 * Rights, as `identity verb resource` of a place, that a run of the scenario need not use, with what they are for.
 * @see {@link compare}
 */
export const UNUSED_HERE: Readonly<Record<string, string>> = {
  'controller delete secrets in tenant-tunnel-system': 'a tunnel whose numbers left quarantine, a day later',
  'controller get leases in tenant-tunnel-gateways': 'a gateway that is lost, before its tunnels are moved',
  'controller get services in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller watch services in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller create services in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller patch services in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller delete services in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller get endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller list endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller watch endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller create endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller patch endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'controller delete endpointslices in tenant-tunnel-gateways':
    'no class of this run has the endpoint mode Node or LoadBalancer',
  'agent create tokenreviews': 'the relay, of which test/processes/relay.test.ts makes use',
  'agent create subjectaccessreviews': 'the same',
  'agent create secrets in tenant-tunnel-backups': 'no class of this run keeps configurations',
  'controller patch secrets in tenant-tunnel-backups': 'no class of this run keeps configurations',
  'controller delete secrets in tenant-tunnel-backups': 'no class of this run keeps configurations',
  'agent list services': 'no TenantTunnel of this run names a Service',
  'agent watch services': 'no TenantTunnel of this run names a Service',
  'agent list endpointslices': 'no TenantTunnel of this run names a Service',
  'agent watch endpointslices': 'no TenantTunnel of this run names a Service',
  'crds create customresourcedefinitions': 'asked for inside of a patch that creates; logged as patch alone',
};

/** The same, of rights that a run uses or not, by chance. */
export const USED_BY_CHANCE: Readonly<Record<string, string>> = {
  'controller get secrets in tenant-tunnel-system':
    'what another process wrote into the ledger, where the watch is behind',
  'controller delete tenanttunnels': 'one that was made before the one that somebody wrote was seen',
};

const NAMESPACE: Record<Scope, string> = {
  cluster: '',
  system: SYSTEM_NAMESPACE,
  gateways: GATEWAY_NAMESPACE,
  backups: DEFAULT_BACKUP_NAMESPACE,
};

/** What src/api/permissions.ts grants. */
export function expand(): Right[] {
  return IDENTITIES.flatMap(({ name, permissions }) =>
    Object.entries(permissions).flatMap(([scope, some]) =>
      some.flatMap(({ apiGroup, resources, verbs, resourceNames, reason }) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            identity: `tenant-tunnel-${name}`,
            namespace: NAMESPACE[scope as Scope],
            apiGroup,
            resource,
            verb,
            names: resourceNames ?? null,
            reason,
          })),
        ),
      ),
    ),
  );
}

const covers = (right: Right, use: Use): boolean =>
  right.identity === use.identity &&
  right.verb === use.verb &&
  right.apiGroup === use.apiGroup &&
  right.resource === use.resource &&
  (right.namespace === '' || right.namespace === use.namespace) &&
  (right.names === null || right.names.includes(use.name));

/** `system:discovery` and the like, which every cluster gives to everybody. */
const isEverybodys = ({ role }: Use): boolean => role.startsWith('system:');

export interface Comparison {
  /** For people: heading, then a row for each right and each use of a right that everybody has. */
  rows: string[][];
  /** Used without being listed. */
  beyond: Use[];
  /** Listed and not used. */
  unused: Right[];
}

/** Holds what was granted against what was used. */
export function compare(rights: readonly Right[], uses: readonly Use[]): Comparison {
  const rows = [['identity', 'where', 'resource', 'verb', 'used', '']];
  const unused: Right[] = [];
  for (const right of rights) {
    const count = uses.filter((use) => covers(right, use)).reduce((sum, use) => sum + use.count, 0);
    if (count === 0) unused.push(right);
    const { identity, namespace, apiGroup, resource, verb, names } = right;
    const what = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${names === null ? '' : ' (named)'}`;
    const why = count > 0 ? '' : (whyUnused(right) ?? 'NOT USED');
    rows.push([identity, namespace || 'everywhere', what, verb, String(count), why]);
  }
  const others = uses.filter((use) => !rights.some((right) => covers(right, use)));
  for (const { identity, resource, verb, count, role } of others.filter(isEverybodys)) {
    rows.push([identity, 'everywhere', resource, verb, String(count), `everybody may, by ${role}`]);
  }
  return { rows, beyond: others.filter((use) => use.allowed && !isEverybodys(use)), unused };
}

/** `controller delete secrets in tenant-tunnel-system` */
export const nameOf = ({ identity, verb, resource, namespace }: Right): string =>
  `${identity.replace('tenant-tunnel-', '')} ${verb} ${resource}${namespace === '' ? '' : ` in ${namespace}`}`;

/** What is to be said of a right that was not used; undefined: nothing explains it. */
export const whyUnused = (right: Right): string | undefined =>
  UNUSED_HERE[nameOf(right)] ?? USED_BY_CHANCE[nameOf(right)];
