import { jest } from '@jest/globals';
import type { ServiceHandover } from '../../../src/api/index.ts';
import { type Event, events } from '../../../src/kube/index.ts';
import { AGENT_USER } from '../../testbed/control-plane.ts';
import { Cluster, type GatewayNode, type HandedOver, until } from './harness.ts';

jest.setTimeout(60_000);

let cluster: Cluster;
let node: GatewayNode;
let tunnel: HandedOver;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(async () => {
  node = cluster.node();
  tunnel = await node.tunnel();
  await tunnel.addRouter();
  await tunnel.writeAll();
});
afterEach(() => node.stopAgent());

const namespaceOf = (one: HandedOver): string => one.tenantTunnel.metadata.namespace;

const named = (name: string, port: number, fields: Partial<ServiceHandover> = {}): ServiceHandover => ({
  name,
  protocol: 'UDP',
  port,
  service: { namespace: namespaceOf(tunnel), name, port },
  ...fields,
});

async function request(method: string, path: string, body?: object): Promise<void> {
  const { status, text } = await cluster.plane.request(method, path, body as never);
  if (status >= 300) throw new Error(`${method} ${path}: ${text}`);
}

const servicePath = (namespace: string): string => `/api/v1/namespaces/${namespace}/services`;

const makeService = (name: string, port: number, namespace = namespaceOf(tunnel)) =>
  request('POST', servicePath(namespace), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ name: 'main', protocol: 'UDP', port, targetPort: port + 10_000 }] },
  });

/** One slice of a Service, as the cluster's own controller writes it. */
async function writeSlice(
  name: string,
  port: number,
  addresses: readonly string[],
  { slice = `${name}-1`, ready = true, namespace = namespaceOf(tunnel) } = {},
): Promise<void> {
  const collection = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const body = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: slice, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready } })),
    ports: [{ name: 'main', protocol: 'UDP', port: port + 10_000 }],
  };
  const { status } = await cluster.plane.request('PUT', `${collection}/${slice}`, body);
  if (status === 404) await request('POST', collection, body);
}

const endpoints = (port: number): string[] | undefined =>
  node.sidecar.services.get(tunnel.interfaceName)?.services.find((service) => service.port === port)
    ?.endpoints;
const said = () => tunnel.condition('tunnel', 'ServicesReady');
const untilSaid = (reason: string) => until(reason, async () => (await said())?.reason === reason);
const untilEndpoints = (port: number, ...wanted: string[]) =>
  until(`${port} at ${wanted}`, () => endpoints(port)?.join() === wanted.join());

describe('the services of a tunnel', () => {
  test('are opened with the endpoints of their Services, and said to be reached', async () => {
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.8', '10.244.0.7']);
    await tunnel.writeTunnel({ services: [named('radius', 1812, { proxyProtocol: true })] });
    await node.startAgent();
    await untilSaid('ServicesReady');
    expect(node.sidecar.services.get(tunnel.interfaceName)).toEqual({
      services: [
        {
          protocol: 'UDP',
          port: 1812,
          endpoints: ['10.244.0.7:11812', '10.244.0.8:11812'],
          proxyProtocol: true,
        },
      ],
    });
    expect(await said()).toMatchObject({ status: 'True', message: 'Routers reach radius.' });
  });

  test('follow endpoints and Services that come, change and go, without touching the tunnel', async () => {
    await tunnel.writeTunnel({ services: [named('ntp', 123), named('radius', 1812)] });
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    await node.startAgent();
    await untilEndpoints(1812, '10.244.0.7:11812');
    await untilSaid('ServiceNotFound');
    expect((await said())?.message).toMatch(/^ntp: Service tenant-\d+\/ntp does not exist/);
    expect(endpoints(123)).toBeUndefined();

    node.sidecar.calls.length = 0;
    await makeService('ntp', 123);
    await untilSaid('NoEndpoints');
    expect(endpoints(123)).toEqual([]);
    await writeSlice('ntp', 123, ['10.244.0.9']);
    await untilEndpoints(123, '10.244.0.9:10123');
    await untilSaid('ServicesReady');
    await writeSlice('radius', 1812, ['10.244.5.5'], { slice: 'radius-2' });
    await untilEndpoints(1812, '10.244.0.7:11812', '10.244.5.5:11812');
    await writeSlice('radius', 1812, ['10.244.0.7'], { ready: false });
    await untilEndpoints(1812, '10.244.5.5:11812');

    await request('DELETE', `${servicePath(namespaceOf(tunnel))}/ntp`);
    await untilSaid('ServiceNotFound');
    expect(endpoints(123)).toBeUndefined();
    await tunnel.writeTunnel({ services: [named('radius', 1812)] });
    await untilSaid('ServicesReady');
    await tunnel.writeTunnel({});
    await until('no services', () => node.sidecar.services.get(tunnel.interfaceName)?.services.length === 0);
    await until('no condition', async () => (await said()) === undefined);
    expect(node.sidecar.calls).toEqual([]);
    expect((await tunnel.condition('tunnel', 'Programmed'))?.status).toBe('True');
  });

  test('are not opened when they are refused, nor read', async () => {
    const service = { namespace: 'kube-system', name: 'secret-thing', port: 53 };
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    await tunnel.writeTunnel({
      services: [
        named('dns', 53, { service, refused: 'Service kube-system/secret-thing is not yours.' }),
        named('radius', 1812),
      ],
    });
    await node.startAgent();
    await untilSaid('ServiceNotAllowed');
    expect((await said())?.message).toBe('dns: Service kube-system/secret-thing is not yours.');
    await untilEndpoints(1812, '10.244.0.7:11812');
    expect(endpoints(53)).toBeUndefined();
  });

  test('say which port is taken on the node; the tunnel is Ready without', async () => {
    node.sidecar.takenPorts.add(1812);
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    await tunnel.writeTunnel({ services: [named('radius', 1812)] });
    await node.startAgent();
    await untilSaid('ServicePortTaken');
    expect((await tunnel.condition('tunnel', 'Programmed'))?.status).toBe('True');
    await until('its Event', async () => {
      const { items } = await cluster.admin.list<Event>(events, { namespace: namespaceOf(tunnel) });
      return items.some(({ reason, note }) => reason === 'ServiceUnavailable' && /UDP port 1812/.test(note));
    });
  });

  test('are given again to a sidecar that has lost them, and by an agent that has', async () => {
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    await tunnel.writeTunnel({ services: [named('radius', 1812)] });
    await node.startAgent();
    await untilSaid('ServicesReady');
    node.sidecar.down = true;
    await until('it is away', () => node.waitingFor().some((text) => text.includes('sidecar')));
    node.sidecar.loseAll();
    node.sidecar.down = false;
    await untilEndpoints(1812, '10.244.0.7:11812');

    await node.stopAgent();
    const writes = node.writes.length;
    node.sidecar.servicePuts = 0;
    await node.startAgent();
    await until('all is given', () => node.sidecar.servicePuts > 0 && endpoints(1812)?.length === 1);
    await node.readings(20);
    expect(endpoints(1812)).toEqual(['10.244.0.7:11812']);
    expect(node.writes.slice(writes)).toEqual([]);
  });

  test('of one Service are watched once however many tunnels name it, and no other Service is', async () => {
    const other = await node.tunnel();
    await other.writeAll();
    await makeService('radius', 1812);
    await makeService('unnamed', 99);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    for (const one of [tunnel, other]) await one.writeTunnel({ services: [named('radius', 1812)] });
    await node.startAgent();
    await untilEndpoints(1812, '10.244.0.7:11812');
    await until('the other', () => node.sidecar.services.get(other.interfaceName)?.services.length === 1);
    await writeSlice('radius', 1812, ['10.244.0.7', '10.244.0.6']);
    await untilEndpoints(1812, '10.244.0.6:11812', '10.244.0.7:11812');
    await until(
      'the other follows',
      () => node.sidecar.services.get(other.interfaceName)?.services[0]?.endpoints?.length === 2,
    );
    await tunnel.removeAll();
    await until('it is removed', () => !node.sidecar.interfaces.has(tunnel.interfaceName));
    await writeSlice('radius', 1812, ['10.244.0.5']);
    await until(
      'the other still follows',
      () =>
        node.sidecar.services.get(other.interfaceName)?.services[0]?.endpoints?.[0] === '10.244.0.5:11812',
    );
  });

  test('say so when the agent may not read them, and stay as they are', async () => {
    const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/tenant-tunnel-agent';
    const before = (await cluster.plane.request('GET', binding)).json();
    await makeService('radius', 1812);
    await writeSlice('radius', 1812, ['10.244.0.7']);
    const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/tenant-tunnel-agent';
    const whole = (await cluster.plane.request('GET', role)).json();
    const rules = whole.rules.filter(
      ({ resources }: { resources: string[] }) => !resources.includes('services'),
    );
    expect(rules.length).toBe(whole.rules.length - 1);
    expect(before.roleRef.name).toBe('tenant-tunnel-agent');
    await request('PUT', role, { ...whole, rules });
    try {
      await tunnel.writeTunnel({ services: [named('radius', 1812)] });
      await until(`${AGENT_USER} may not`, async () => {
        const { status } = await cluster.plane.request('GET', role);
        return status === 200;
      });
      await node.startAgent();
      await untilSaid('ServiceUnreadable');
      expect((await said())?.message).toMatch(/may not list services in namespace tenant-\d+/);
      expect(node.waitingFor()).toEqual([]);
    } finally {
      const now = (await cluster.plane.request('GET', role)).json();
      await request('PUT', role, { ...now, rules: whole.rules });
    }
    await untilSaid('ServicesReady');
  });
});
