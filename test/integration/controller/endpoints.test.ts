/** What leads routers to a tunnel: Services and EndpointSlices on a real API server, which no cloud looks at. */
import { jest } from '@jest/globals';
import { ControllerHarness, GATEWAYS, until } from './harness.ts';
import { PretendedGateways } from './pretended-gateways.ts';

jest.setTimeout(240_000);

let harness: ControllerHarness;
let gateways: PretendedGateways;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  gateways = new PretendedGateways(harness.plane);
  await harness.addNamespace('a');
  for (const [name, last] of [
    ['n1', 5],
    ['n2', 6],
  ] as const) {
    await gateways.add(name, { labels: { edge: 'true' } });
    await addresses(name, [
      ['InternalIP', `10.0.0.${last}`],
      ['ExternalIP', `203.0.113.${last}`],
    ]);
  }
  await gateways.cordon('n2', true);
  await harness.addClass('static', pool(0));
  await harness.startController();
});
afterAll(async () => {
  await gateways?.stop();
  await harness?.stop();
});

interface Plain {
  metadata: {
    name: string;
    uid: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    resourceVersion: string;
    finalizers?: string[];
  };
  spec: {
    type: string;
    clusterIP: string;
    externalTrafficPolicy?: string;
    ports: { nodePort?: number; port: number }[];
  };
  endpoints: { addresses: string[]; nodeName: string }[];
}

const CORE = `/api/v1/namespaces/${GATEWAYS}`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${GATEWAYS}/endpointslices`;
const DNS = 'external-dns.alpha.kubernetes.io';
const pool = (n: number) => ({ pools: [{ cidr: `10.${60 + n}.0.0/16`, prefixLength: 24 }] });

async function addresses(node: string, all: [string, string][]): Promise<void> {
  const status = { addresses: all.map(([type, address]) => ({ type, address })) };
  await harness.patch(`/api/v1/nodes/${node}/status`, { status });
}
async function got(path: string): Promise<Plain | undefined> {
  const response = await harness.plane.request('GET', path);
  return response.status === 200 ? response.json() : undefined;
}
const service = (name: string) => got(`${CORE}/services/${name}`);
const slice = (name: string) => got(`${SLICES}/${name}`);
async function served(name: string): Promise<Plain> {
  let found: Plain | undefined;
  await until(
    `Service ${name} is there`,
    async () => {
      found = await service(name);
      return found !== undefined;
    },
    undefined,
    () => harness.logs.slice(-10).join('\n'),
  );
  return found as Plain;
}
const setMode = (name: string, endpoint: object) =>
  harness.patch(harness.classPath(name), { spec: { endpoint } });
const endpointReady = async (key: string) => harness.condition(await harness.tunnel(key), 'EndpointReady');
async function untilSaid(key: string, reason: string): Promise<string> {
  await until(
    `${key} is said ${reason}`,
    async () => (await endpointReady(key))?.reason === reason,
    undefined,
    () => harness.logs.slice(-10).join('\n'),
  );
  return (await endpointReady(key))?.message ?? '';
}
const indexOf = async (key: string) => Number((await harness.allocated(key)).index);
const give = (name: string, ingress: object[]) =>
  harness.patch(`${CORE}/services/${name}/status`, { status: { loadBalancer: { ingress } } });
/** Of Services in one namespace: the API server's own are of all. */
async function watches(): Promise<number> {
  const lines = (await harness.plane.metrics()).split('\n');
  const ours = lines.filter((line) =>
    /^apiserver_longrunning_requests\{.*resource="services",scope="namespace"/.test(line),
  );
  return ours.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
/** Adds a class of its own for a tenant, and a router of that. */
async function tenant(name: string, n: number, endpoint: object): Promise<number> {
  await harness.addClass(name, { ...pool(n), endpoint }, false);
  await harness.addTunnel(`a/${name}`, { className: name });
  await harness.addRouter(`a/${name}-1`, { tenant: name });
  return indexOf(`a/${name}`);
}

test('without a class that asks for it nothing is watched and nothing is said', async () => {
  await harness.addRouter('a/plain', { tenant: 'plain' });
  await harness.granted('a/plain');
  expect(await endpointReady('a/plain')).toBeUndefined();
  expect((await harness.tunnel('a/plain'))?.status?.endpoint).toBe('vpn.example.com:51820');
  const list = (await harness.plane.request('GET', `${CORE}/services`)).json();
  expect(list.items).toEqual([]);
  expect(await watches()).toBe(0);
});

test('Node: a record for external-dns that follows the tunnel; its routers are told a name', async () => {
  const index = await tenant('named', 1, { mode: 'Node', host: 'vpn.example.com' });
  const name = `tunnel-${index}-dns`;
  const before = await served(name);
  expect(await watches()).toBe(1);
  expect(before.spec).toMatchObject({ type: 'ClusterIP', clusterIP: 'None' });
  expect(before.metadata.annotations).toMatchObject({
    [`${DNS}/hostname`]: `wg${index}.vpn.example.com`,
    [`${DNS}/target`]: '203.0.113.5',
    [`${DNS}/ttl`]: '60',
  });
  expect(await untilSaid('a/named', 'Published')).toContain('203.0.113.5, the ExternalIP of node n1');
  const { script } = await harness.granted('a/named-1');
  expect(script).toContain(`endpoint-address="wg${index}.vpn.example.com"`);

  await gateways.cordon('n2', false);
  await gateways.cordon('n1', true);
  await until(
    'the record leads to n2',
    async () => (await service(name))?.metadata.annotations[`${DNS}/target`] === '203.0.113.6',
  );
  await until('that is said', async () => (await endpointReady('a/named'))?.message.includes('node n2'));
  expect((await harness.granted('a/named-1')).script).toBe(script);
  expect((await service(name))?.metadata.uid).toBe(before.metadata.uid);

  await addresses('n2', [['InternalIP', '10.0.0.6']]);
  await until(
    'it is the InternalIP',
    async () => (await service(name))?.metadata.annotations[`${DNS}/target`] === '10.0.0.6',
  );
  await addresses('n2', []);
  expect(await untilSaid('a/named', 'NoNodeAddress')).toContain(
    'Node n2 has no ExternalIP and no InternalIP',
  );
  expect((await service(name))?.metadata.annotations[`${DNS}/target`]).toBe('10.0.0.6');
  await addresses('n2', [
    ['InternalIP', '10.0.0.6'],
    ['ExternalIP', '203.0.113.6'],
  ]);
  await untilSaid('a/named', 'Published');
});

test('another domain adds a name, and takes none away', async () => {
  const index = await indexOf('a/named');
  await setMode('named', { host: 'new.example' });
  const names = async () => (await service(`tunnel-${index}-dns`))?.metadata.annotations[`${DNS}/hostname`];
  await until(
    'both stand',
    async () => (await names()) === `wg${index}.new.example,wg${index}.vpn.example.com`,
  );
  await until('new scripts have it', async () =>
    (await harness.router('a/named-1'))?.status?.script?.includes(`wg${index}.new.example`),
  );
});

test('LoadBalancer: routers wait until it has an address, then are told that', async () => {
  const index = await tenant('balanced', 2, {
    mode: 'LoadBalancer',
    loadBalancer: { annotations: { 'example.com/kind': 'nlb', 'example.com/more': '1' } },
  });
  const name = `tunnel-${index}-lb`;
  const before = await served(name);
  expect(before.spec).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  expect(before.metadata.annotations).toMatchObject({ 'example.com/kind': 'nlb' });
  await until('the node is behind it', async () => (await slice(`${name}-ipv4`)) !== undefined);
  expect((await slice(`${name}-ipv4`))?.endpoints).toEqual([
    { addresses: ['10.0.0.6'], conditions: { ready: true }, nodeName: 'n2' },
  ]);
  expect(await untilSaid('a/balanced', 'LoadBalancerPending')).toContain(`-n ${GATEWAYS} ${name}`);
  expect((await harness.tunnel('a/balanced'))?.status?.endpoint).toBeUndefined();
  expect(await harness.untilReady('routers', 'a/balanced-1', 'Pending')).toContain('has no endpoint yet');
  expect((await harness.router('a/balanced-1'))?.status?.script).toBeUndefined();

  // As a cloud does: a finalizer, a port of each node, an address.
  await harness.patch(`${CORE}/services/${name}`, {
    metadata: { finalizers: ['example.com/lb'], annotations: { 'example.com/id': '7' } },
  });
  await give(name, [{ ip: '198.51.100.7' }]);
  const { script } = await harness.granted('a/balanced-1');
  expect(script).toContain('endpoint-address="198.51.100.7"');
  expect(await untilSaid('a/balanced', 'Published')).toContain('198.51.100.7 leads to node n2');

  // What the cloud wrote is there after a move and after a change of the class.
  await gateways.cordon('n1', false);
  await gateways.cordon('n2', true);
  await until('n1 is behind it', async () => (await slice(`${name}-ipv4`))?.endpoints[0]?.nodeName === 'n1');
  await setMode('balanced', {
    loadBalancer: { annotations: { 'example.com/more': null, 'example.com/other': '2' } },
  });
  await until(
    'the annotations are changed',
    async () => (await service(name))?.metadata.annotations['example.com/other'] === '2',
  );
  const after = await served(name);
  expect(after.metadata.annotations).not.toHaveProperty('example.com/more');
  expect(after.metadata.annotations).toMatchObject({ 'example.com/kind': 'nlb', 'example.com/id': '7' });
  expect(after.metadata.finalizers).toEqual(['example.com/lb']);
  expect(after.spec.ports[0]?.nodePort).toBe(before.spec.ports[0]?.nodePort);
  expect(after.spec.clusterIP).toBe(before.spec.clusterIP);
  expect((await harness.granted('a/balanced-1')).script).toBe(script);

  // It loses its address for a while: routers keep what they were told.
  await give(name, []);
  await untilSaid('a/balanced', 'LoadBalancerPending');
  expect((await harness.tunnel('a/balanced'))?.status?.endpoint).toMatch(/^198\.51\.100\.7:/);
  await give(name, [{ hostname: 'abc.elb.example.com' }]);
  await until('new scripts have the other', async () =>
    (await harness.router('a/balanced-1'))?.status?.script?.includes('abc.elb.example.com'),
  );
});

test('what somebody changes by hand is put back, and what they delete is made again', async () => {
  const name = `tunnel-${await indexOf('a/balanced')}-lb`;
  await harness.patch(`${CORE}/services/${name}`, { spec: { externalTrafficPolicy: 'Cluster' } });
  await until('it is Local again', async () => (await service(name))?.spec.externalTrafficPolicy === 'Local');
  await harness.delete(`${SLICES}/${name}-ipv4`);
  await until('the slice is there again', async () => (await slice(`${name}-ipv4`)) !== undefined);
  const { uid } = (await served(name)).metadata;
  await harness.patch(`${CORE}/services/${name}`, { metadata: { finalizers: null } });
  await harness.delete(`${CORE}/services/${name}`);
  await until(
    'the Service is another',
    async () => ![undefined, uid].includes((await service(name))?.metadata.uid),
  );
});

test('another endpoint is handed over before the status tells it, until the gateway says that all routers have it', async () => {
  const index = await indexOf('a/plain');
  const handed = async () =>
    JSON.parse((await harness.handedOver('configmaps', `tunnel-${index}`))?.['tunnel.json'] ?? '{}');
  const status = async () => (await harness.tunnel('a/plain'))?.status;
  const port = (await status())?.listenPort;
  expect(await handed()).not.toHaveProperty('endpoint');
  const { script } = await harness.granted('a/plain');
  expect(script).toContain('endpoint-address="vpn.example.com"');
  await setMode('static', { host: 'moved.example.com' });
  let saidFirst: unknown;
  await until('the status tells it', async () => {
    const { endpoint } = (await status()) ?? {};
    if (endpoint !== `moved.example.com:${port}`) return false;
    saidFirst ??= (await handed()).endpoint;
    return true;
  });
  expect(saidFirst).toEqual({ host: 'moved.example.com', port });
  await until('a script that is not used has it', async () =>
    (await harness.router('a/plain'))?.status?.script?.includes('endpoint-address="moved.example.com"'),
  );
  const say = (left: number) =>
    harness.patch(`${harness.path('tenanttunnels', 'a/plain')}/status`, {
      status: { endpointChange: { to: `moved.example.com:${port}`, changed: 1, pending: left, failed: 0 } },
    });
  await say(1);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect((await handed()).endpoint).toEqual({ host: 'moved.example.com', port });
  await say(0);
  await until('it is not handed over any more', async () => (await handed()).endpoint === undefined);
});

test('a restart writes nothing', async () => {
  await untilSaid('a/balanced', 'LoadBalancerPending');
  await harness.stopController();
  const before = await harness.writes();
  const versions = async () =>
    (await harness.plane.request('GET', `${CORE}/services`))
      .json()
      .items.map(({ metadata }: Plain) => metadata.resourceVersion);
  const stood = await versions();
  const logged = harness.logs.length;
  await harness.startController();
  const works = () => harness.logs.slice(logged).some((line) => line.startsWith('info leading'));
  await until('it leads', works);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await versions()).toEqual(stood);
  expect(await harness.writes()).toEqual(before);
});

test('a Service of the name that is somebody else’s is left alone, and only its tunnel says so', async () => {
  const next = (await harness.tunnels()).length;
  const name = `tunnel-${next}-dns`;
  const theirs = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } };
  await harness.create(`${CORE}/services`, theirs);
  const stood = (await service(name))?.metadata.resourceVersion;
  expect(await tenant('taken', 3, { mode: 'Node', host: 'vpn.example.com' })).toBe(next);
  expect(await untilSaid('a/taken', 'ServiceConflict')).toContain(
    `Service ${GATEWAYS}/${name} is not the operator's`,
  );
  expect((await service(name))?.metadata.resourceVersion).toBe(stood);
  expect((await endpointReady('a/named'))?.reason).toBe('Published');
  // Its routers have their script all the same: the name does not change.
  await harness.granted('a/taken-1');
});

test('what the API server refuses is said in its words, by that tunnel alone', async () => {
  await tenant('refused', 4, { mode: 'LoadBalancer', loadBalancer: { annotations: { 'no key': 'x' } } });
  expect(await untilSaid('a/refused', 'ServiceRefused')).toMatch(/metadata\.annotations.*no key/s);
  expect((await endpointReady('a/named'))?.reason).toBe('Published');
  await setMode('refused', { loadBalancer: null });
  await untilSaid('a/refused', 'LoadBalancerPending');
});

test('another mode makes its own, leaves what stands, and that still follows; deleted, it stays away', async () => {
  const index = await indexOf('a/named');
  await setMode('named', { mode: 'LoadBalancer', host: null });
  await served(`tunnel-${index}-lb`);
  expect((await harness.tunnel('a/named'))?.status?.endpoint).toMatch(/^wg\d+\.new\.example:/);
  const target = async () => (await service(`tunnel-${index}-dns`))?.metadata.annotations[`${DNS}/target`];
  expect(await target()).toBe('203.0.113.5');
  await setMode('named', { mode: 'Static', host: 'vpn.example.com', loadBalancer: null });
  await until('nothing is said of it', async () => (await endpointReady('a/named')) === undefined);
  await gateways.cordon('n2', false);
  await gateways.cordon('n1', true);
  await until('the record follows', async () => (await target()) === '203.0.113.6');
  await until(
    'the slice follows',
    async () => (await slice(`tunnel-${index}-lb-ipv4`))?.endpoints[0]?.nodeName === 'n2',
  );
  for (const name of [`tunnel-${index}-dns`, `tunnel-${index}-lb`])
    await harness.delete(`${CORE}/services/${name}`);
  await until('its slice is gone, too', async () => (await slice(`tunnel-${index}-lb-ipv4`)) === undefined);
  await gateways.cordon('n1', false);
  await gateways.cordon('n2', true);
  await until('it has moved', async () => (await harness.tunnel('a/named'))?.status?.gateway === 'n1');
  expect(await service(`tunnel-${index}-dns`)).toBeUndefined();
  expect(await service(`tunnel-${index}-lb`)).toBeUndefined();
});

test('they go with the tunnel, also when nobody was there to see it go', async () => {
  const index = await indexOf('a/balanced');
  const other = await indexOf('a/refused');
  const gone = (at: number) => async () =>
    (await service(`tunnel-${at}-lb`)) === undefined && (await slice(`tunnel-${at}-lb-ipv4`)) === undefined;
  const removed = async (name: string) => {
    await harness.delete(harness.path('routers', `a/${name}-1`));
    await harness.delete(harness.path('tenanttunnels', `a/${name}`));
  };
  await removed('balanced');
  await until('both are gone', gone(index));
  await harness.stopController();
  await removed('refused');
  // Nor is there a class any more that would have them looked for.
  for (const name of ['named', 'balanced', 'taken', 'refused']) await harness.delete(harness.classPath(name));
  await harness.startController();
  await until('those of the other are gone', gone(other));
});

test('a role without Services keeps only the tunnels waiting that need them', async () => {
  await harness.stopController();
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${GATEWAYS}/roles`;
  const roles = (await harness.plane.request('GET', path)).json().items;
  for (const { metadata, rules } of roles) {
    const kept = rules.filter(
      ({ resources }: { resources: string[] }) =>
        !resources.some((one) => ['services', 'endpointslices'].includes(one)),
    );
    if (kept.length < rules.length) await harness.patch(`${path}/${metadata.name}`, { rules: kept });
  }
  await harness.startController();
  await tenant('unable', 5, { mode: 'Node', host: 'vpn.example.com' });
  expect(await untilSaid('a/unable', 'ServiceRefused')).toContain('may not list Services and EndpointSlices');
  await harness.addRouter('a/other', { tenant: 'other' });
  await harness.granted('a/other');
});
