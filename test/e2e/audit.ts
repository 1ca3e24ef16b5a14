import { readFileSync } from 'node:fs';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';

/** One kind of request that somebody of ours has made. */
export interface Use {
  /** Name of the service account. */
  identity: string;
  verb: string;
  /** Empty for the core group. */
  apiGroup: string;
  /** With subresource: `routers/status`. For requests of no resource, the path. */
  resource: string;
  /** Empty for cluster-wide requests. */
  namespace: string;
  /** Empty for lists and the like. */
  name: string;
  allowed: boolean;
  /** Role that allowed it, as the API server's authorizer says; empty when none did. */
  role: string;
  count: number;
}

interface AuditEvent {
  stage: string;
  verb: string;
  /** RFC 3339, UTC. */
  requestReceivedTimestamp: string;
  requestURI: string;
  user: { username: string };
  objectRef?: {
    apiGroup?: string;
    resource: string;
    subresource?: string;
    namespace?: string;
    name?: string;
  };
  responseStatus?: { code: number };
  annotations?: Record<string, string>;
}

const RBAC = 'rbac.authorization.k8s.io';
const ACCOUNT = `system:serviceaccount:${SYSTEM_NAMESPACE}:`;

/**
 * All that service accounts of the operator's namespace have asked of the API server, watches when they began. What one
 * was refused after its rights had been taken away is left out: a pod may outlive them by a moment.
 */
export function readUses(auditLog: string): Use[] {
  const events = readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(ACCOUNT) || line.includes(RBAC))
    .map((line) => JSON.parse(line) as AuditEvent);
  const endOfRights = endsOfRights(events);
  const uses = new Map<string, Use>();
  for (const event of events) {
    if (!event.user.username.startsWith(ACCOUNT) || event.stage === 'RequestReceived') continue;
    // A watch is told of when it begins and when it ends, everything else when it is answered.
    if (event.stage === 'ResponseStarted' && event.verb !== 'watch') continue;
    if (event.stage === 'ResponseComplete' && event.verb === 'watch' && event.responseStatus?.code === 200)
      continue;
    const use = useIn(event);
    const end = endOfRights.get(use.identity);
    if (!use.allowed && end !== undefined && event.requestReceivedTimestamp > end) continue;
    const key = JSON.stringify({ ...use, count: 0 });
    const known = uses.get(key);
    if (known === undefined) uses.set(key, use);
    else known.count += 1;
  }
  return [...uses.values()];
}

/** Name of an account, as its roles and bindings have it too → when the first of them was deleted for good. */
function endsOfRights(events: readonly AuditEvent[]): Map<string, string> {
  const ends = new Map<string, string>();
  for (const { verb, objectRef, requestReceivedTimestamp } of events) {
    if (objectRef?.apiGroup !== RBAC || objectRef.name === undefined) continue;
    // Those of hooks are made again each time.
    if (verb === 'create') ends.delete(objectRef.name);
    if (verb === 'delete' && !ends.has(objectRef.name)) ends.set(objectRef.name, requestReceivedTimestamp);
  }
  return ends;
}

function useIn({ user, verb, requestURI, objectRef, responseStatus, annotations = {} }: AuditEvent): Use {
  const path = requestURI.split('?')[0] ?? '';
  const { apiGroup = '', resource = path, subresource, namespace = '', name = '' } = objectRef ?? {};
  const decision = annotations['authorization.k8s.io/decision'];
  const reason = annotations['authorization.k8s.io/reason'] ?? '';
  return {
    identity: user.username.slice(ACCOUNT.length),
    verb,
    apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    allowed: decision === undefined ? responseStatus?.code !== 403 : decision === 'allow',
    role: /of (?:Cluster)?Role "([^"]+)"/.exec(reason)?.[1] ?? '',
    count: 1,
  };
}
