/** A cluster with accounts in it, and nodes whose agents relay: what the tests of the relay begin with. */
import type { Duplex } from 'node:stream';
import { ANNOTATION_RELAY, TENANT_TUNNELS } from '../../../src/api/index.ts';
import type { RelaySettings } from '../../../src/gateway/index.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

export const AUDIENCE = 'tenant-tunnel-relay';
export const SETTINGS: RelaySettings = {
  host: '127.0.0.1',
  port: 0,
  advertise: '127.0.0.1',
  audience: AUDIENCE,
  serverName: 'tenant-tunnel-relay.tenant-tunnel-system.svc',
  idleMs: 60_000,
};

/** Of this file of tests. */
export let cluster: Cluster;
export const nodes: GatewayNode[] = [];
export const newNode = (): GatewayNode => {
  const node = cluster.node();
  nodes.push(node);
  return node;
};

beforeAll(async () => {
  cluster = await Cluster.start();
  await create('/api/v1/namespaces', { metadata: { name: 'tools' } });
  for (const name of ['web', 'stranger', 'everywhere']) {
    await create('/api/v1/namespaces/tools/serviceaccounts', { metadata: { name } });
  }
  await bind('clusterrolebindings', 'relay-everywhere', 'everywhere', 'ClusterRole', 'tenant-tunnel-connect');
}, 900_000);
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stopAgent();
});
afterAll(() => cluster?.stop(), 60_000);

export async function create(path: string, body: object) {
  const answer = await cluster.plane.request('POST', path, body);
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.json();
}

export async function bind(
  path: string,
  name: string,
  account: string,
  kind: string,
  role: string,
): Promise<void> {
  await create(`/apis/rbac.authorization.k8s.io/v1/${path}`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: [{ kind: 'ServiceAccount', namespace: 'tools', name: account }],
  });
}

export async function tokenOf(account: string, audiences = [AUDIENCE]): Promise<string> {
  const answer = await create(`/api/v1/namespaces/tools/serviceaccounts/${account}/token`, {
    spec: { audiences, expirationSeconds: 600 },
  });
  return answer.status.token;
}

/** Where a node's relay says that it is. */
export async function relayOf(node: GatewayNode): Promise<string> {
  await until(
    'the relay is told of',
    async () => (await node.annotations())?.[ANNOTATION_RELAY] !== undefined,
  );
  return (await node.annotations())?.[ANNOTATION_RELAY] ?? '';
}

/** Says who it is, and repeats what it hears. */
export const echo = (name: string) => (stream: Duplex) => {
  stream.write(`${name}: `);
  stream.on('data', (data) => stream.write(data));
  stream.on('end', () => stream.end());
};

export interface Site {
  node: GatewayNode;
  tunnel: HandedOver;
  member: Member;
  /** Of its only router. */
  name: string;
  namespace: string;
  tenant: string;
  relay: string;
}

/** A node with a relay, a tunnel and a router that echoes on port 22. */
export async function site(relay: Partial<RelaySettings> = {}): Promise<Site> {
  const node = newNode();
  const tenant = `of-${node.name}`;
  const tunnel = await node.tunnel({ tenant });
  const member = await tunnel.addRouter();
  const { namespace, name, address } = member.peer;
  node.sidecar.listeners.set(`${address}:22`, echo(member.key));
  await tunnel.writeAll();
  await cluster.admin.applyStatus(
    TENANT_TUNNELS,
    {
      metadata: { namespace, name: 'acme' },
      status: { gateway: node.name, interfaceName: tunnel.interfaceName } as never,
    },
    { fieldManager: 'tenant-tunnel-controller' },
  );
  await node.startAgent({ relay: { ...SETTINGS, ...relay } });
  await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  return { node, tunnel, member, namespace, name, tenant, relay: await relayOf(node) };
}

export const rolebindings = (namespace: string): string => `namespaces/${namespace}/rolebindings`;
export const letIn = ({ namespace }: Site, account = 'web'): Promise<void> =>
  bind(rolebindings(namespace), account, account, 'ClusterRole', 'tenant-tunnel-connect');
