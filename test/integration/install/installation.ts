import { KubeConfig } from '@kubernetes/client-node';
import { IDENTITIES, type Permission, type Scope } from '../../../src/api/permissions.ts';
import { KubeClient, microTime } from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';

export const SYSTEM = 'tenant-tunnel-system';
export const GATEWAYS = 'tenant-tunnel-gateways';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const NAMES = ['check', 'crds', 'cleanup'] as const;

type Plain = Record<string, unknown>;
type Name = (typeof NAMES)[number];

const userOf = (name: Name): string => `system:serviceaccount:${SYSTEM}:tenant-tunnel-${name}`;

/** A real API server on which the hooks of the chart have the very rights that the chart gives them. */
export class Installation {
  readonly plane: ControlPlane;
  readonly #clients: KubeClient[] = [];

  static async start(): Promise<Installation> {
    const plane = await startControlPlane({ users: NAMES.map((name) => ({ name: userOf(name) })) });
    const installation = new Installation(plane);
    for (const name of [SYSTEM, GATEWAYS])
      await installation.create('/api/v1/namespaces', { metadata: { name } });
    for (const name of NAMES) await installation.#grant(name);
    return installation;
  }

  private constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.plane.stop();
  }

  /** With the rights of a hook's service account. */
  client(name: Name): KubeClient {
    const config = new KubeConfig();
    config.loadFromFile(this.kubeconfig(name));
    const client = new KubeClient(config);
    this.#clients.push(client);
    return client;
  }

  kubeconfig(name: Name): string {
    return this.plane.kubeconfig(userOf(name));
  }

  async create(path: string, body: Plain): Promise<Plain> {
    const response = await this.plane.request('POST', path, body);
    if (response.status >= 300) throw new Error(`POST ${path}: ${response.text}`);
    return response.json();
  }

  async patch(path: string, body: Plain): Promise<void> {
    const response = await this.plane.request('PATCH', path, body, 'application/merge-patch+json');
    if (response.status >= 300) throw new Error(`PATCH ${path}: ${response.text}`);
  }

  /** What is at a path; undefined where there is nothing. */
  async get(path: string) {
    const response = await this.plane.request('GET', path);
    return response.status === 404 ? undefined : response.json();
  }

  async delete(path: string): Promise<void> {
    await this.plane.request('DELETE', path);
  }

  /** A Lease as its holder leaves it, last renewed so long ago. */
  async lease(
    path: 'leader' | `gateway-${string}`,
    { secondsAgo = 0, annotations = {} }: { secondsAgo?: number; annotations?: Record<string, string> } = {},
  ): Promise<void> {
    const isLeader = path === 'leader';
    const name = isLeader ? 'tenant-tunnel-controller' : path;
    const collection = `/apis/coordination.k8s.io/v1/namespaces/${isLeader ? SYSTEM : GATEWAYS}/leases`;
    const spec = {
      holderIdentity: isLeader ? 'pod-1' : name.slice('gateway-'.length),
      leaseDurationSeconds: 40,
      renewTime: microTime(Date.now() - secondsAgo * 1000),
    };
    const body = { metadata: { name, annotations }, spec };
    if ((await this.get(`${collection}/${name}`)) === undefined) await this.create(collection, body);
    else await this.patch(`${collection}/${name}`, body);
  }

  async #grant(name: Name): Promise<void> {
    const identity = IDENTITIES.find((one) => one.name === name);
    for (const [scope, permissions] of Object.entries(identity?.permissions ?? {})) {
      await this.#bind(name, scope as Scope, permissions);
    }
  }

  async #bind(name: Name, scope: Scope, permissions: readonly Permission[]): Promise<void> {
    const kind = scope === 'cluster' ? 'ClusterRole' : 'Role';
    const place = scope === 'cluster' ? '' : `namespaces/${scope === 'system' ? SYSTEM : GATEWAYS}/`;
    const metadata = { name: `tenant-tunnel-${name}` };
    const rules = permissions.map(({ apiGroup, resources, verbs, resourceNames }) => ({
      apiGroups: [apiGroup],
      resources,
      verbs,
      ...(resourceNames && { resourceNames }),
    }));
    await this.create(`${RBAC}/${place}${kind.toLowerCase()}s`, { metadata, rules });
    await this.create(`${RBAC}/${place}${kind.toLowerCase()}bindings`, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
      subjects: [{ kind: 'User', name: userOf(name), apiGroup: 'rbac.authorization.k8s.io' }],
    });
  }
}

/** Waits for something to become true; the limit is there for hangs and decides nothing else. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
