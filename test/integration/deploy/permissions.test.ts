import {
  AGENT_USER,
  CONTROLLER_USER,
  type ControlPlane,
  startControlPlane,
} from '../../testbed/control-plane.ts';

const SYSTEM = 'tenant-tunnel-system';
const GATEWAYS = 'tenant-tunnel-gateways';
const BACKUPS = 'tenant-tunnel-backups';
const VPN = 'vpn.traidnet.io';

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
  await cluster.install();
}, 900_000);
afterAll(() => cluster?.stop());

/** verb group/resource[/subresource] namespace[/name], `*` for any namespace */
async function may(user: string, verb: string, what: string, where: string): Promise<boolean> {
  const [group, resource, subresource] = what.split('/');
  const [namespace, name] = where.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`, 'system:authenticated'],
      resourceAttributes: {
        verb,
        group: group === 'core' ? '' : group,
        resource,
        subresource,
        namespace: namespace === '*' ? '' : namespace,
        name,
      },
    },
  };
  const answer = await cluster.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  expect(answer.status).toBe(201);
  return answer.json().status.allowed;
}

const everyVerb = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

test.each([
  [CONTROLLER_USER, 'watch', `${VPN}/routers`, '*'],
  [CONTROLLER_USER, 'create', `${VPN}/tenanttunnels`, 'customer-a'],
  [CONTROLLER_USER, 'patch', `${VPN}/routers/status`, 'customer-a'],
  [CONTROLLER_USER, 'list', 'core/nodes', '*'],
  [CONTROLLER_USER, 'list', 'networking.k8s.io/servicecidrs', '*'],
  [CONTROLLER_USER, 'update', 'core/secrets', SYSTEM],
  [CONTROLLER_USER, 'delete', 'core/secrets', GATEWAYS],
  [CONTROLLER_USER, 'watch', 'coordination.k8s.io/leases', GATEWAYS],
  [CONTROLLER_USER, 'create', 'coordination.k8s.io/leases', SYSTEM],
  [CONTROLLER_USER, 'update', 'coordination.k8s.io/leases', `${SYSTEM}/tenant-tunnel-controller`],
  [CONTROLLER_USER, 'create', 'events.k8s.io/events', 'customer-a'],
  [AGENT_USER, 'watch', `${VPN}/routers`, '*'],
  [AGENT_USER, 'patch', `${VPN}/routers/status`, 'customer-a'],
  [AGENT_USER, 'patch', `${VPN}/tenanttunnels/status`, 'customer-a'],
  [AGENT_USER, 'watch', 'core/secrets', GATEWAYS],
  [AGENT_USER, 'update', 'coordination.k8s.io/leases', `${GATEWAYS}/gateway-node-1`],
  [AGENT_USER, 'create', 'events.k8s.io/events', 'customer-a'],
  [AGENT_USER, 'create', 'core/secrets', BACKUPS],
  [CONTROLLER_USER, 'delete', 'core/secrets', BACKUPS],
])('%s may %s %s in %s', async (user, verb, what, where) => {
  expect(await may(user, verb, what, where)).toBe(true);
});

test.each([
  [CONTROLLER_USER, 'core/secrets', 'customer-a'],
  [CONTROLLER_USER, 'core/secrets', 'kube-system'],
  [CONTROLLER_USER, 'core/secrets', '*'],
  [CONTROLLER_USER, 'core/configmaps', 'kube-system'],
  [CONTROLLER_USER, 'core/configmaps', SYSTEM],
  [CONTROLLER_USER, 'core/pods', SYSTEM],
  [CONTROLLER_USER, 'coordination.k8s.io/leases', 'kube-system/kube-controller-manager'],
  [AGENT_USER, 'core/secrets', SYSTEM],
  [AGENT_USER, 'core/configmaps', SYSTEM],
  [AGENT_USER, 'core/secrets', 'customer-a'],
  [AGENT_USER, 'core/secrets', '*'],
  [AGENT_USER, 'core/nodes', '*'],
  [AGENT_USER, 'coordination.k8s.io/leases', `${SYSTEM}/tenant-tunnel-controller`],
  [AGENT_USER, `${VPN}/tunnelclasses/status`, '*'],
])('%s may do nothing at all with %s in %s', async (user, what, where) => {
  for (const verb of everyVerb) expect([verb, await may(user, verb, what, where)]).toEqual([verb, false]);
});

test.each([
  [CONTROLLER_USER, ['create', 'update', 'patch', 'delete', 'deletecollection'], `${VPN}/routers`, '*'],
  [CONTROLLER_USER, ['update', 'patch', 'deletecollection'], `${VPN}/tenanttunnels`, '*'],
  [CONTROLLER_USER, ['create', 'update', 'patch', 'delete'], 'core/nodes', '*'],
  [AGENT_USER, ['create', 'update', 'patch', 'delete', 'deletecollection'], `${VPN}/routers`, '*'],
  [AGENT_USER, ['create', 'update', 'patch', 'delete'], `${VPN}/tenanttunnels`, '*'],
  [AGENT_USER, ['create', 'update', 'patch', 'delete'], 'core/configmaps', GATEWAYS],
  [AGENT_USER, ['create', 'update', 'patch', 'delete'], 'core/secrets', GATEWAYS],
  [
    AGENT_USER,
    ['get', 'list', 'watch', 'update', 'patch', 'delete', 'deletecollection'],
    'core/secrets',
    BACKUPS,
  ],
  [CONTROLLER_USER, ['get', 'watch', 'create', 'update', 'deletecollection'], 'core/secrets', BACKUPS],
  [AGENT_USER, ['impersonate'], 'core/users', '*'],
])('%s may not %j %s in %s', async (user, verbs, what, where) => {
  for (const verb of verbs) expect([verb, await may(user, verb, what, where)]).toEqual([verb, false]);
});

test('an agent that asks for the ledger with its own token is refused', () => {
  const kubeconfig = cluster.kubeconfig(AGENT_USER);
  expect(() => cluster.kubectl(['get', 'secrets', '-n', SYSTEM, '--kubeconfig', kubeconfig])).toThrow(
    /Forbidden/,
  );
  expect(cluster.kubectl(['get', 'secrets', '-n', GATEWAYS, '--kubeconfig', kubeconfig])).toBe('');
});

test('what is installed twice is as installed once', async () => {
  const versions = () =>
    cluster.kubectl([
      'get',
      'clusterroles,roles,rolebindings,serviceaccounts,namespaces,crds',
      '-A',
      '-l',
      'app.kubernetes.io/part-of=tenant-tunnel-operator',
      '-o',
      'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
    ]);
  const before = versions();
  expect(before.trim().split('\n').length).toBeGreaterThan(8);
  await cluster.install();
  expect(versions()).toBe(before);
});
