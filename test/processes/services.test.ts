import { jest } from '@jest/globals';
import { API_VERSION } from '../../src/api/index.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { FreeRadius, hasFreeRadius, radclient } from '../testbed/freeradius.ts';
import { waitFor } from '../testbed/wait.ts';
import { GROUP_PATH } from './field.ts';
import { tell, World } from './world.ts';

jest.setTimeout(180_000);

const TUNNEL = 'acme/acme';
const RADIUS = {
  name: 'radius-auth',
  protocol: 'UDP',
  port: 1812,
  service: { namespace: 'aaa', name: 'freeradius', port: 1812 },
};
const OTHER = { ...RADIUS, name: 'other', port: 1645, service: { ...RADIUS.service, name: 'other' } };

let world: World;
let router: SimulatedRouter;
const servers: FreeRadius[] = [];

const shared = (...names: string[]) => ({
  services: { shared: names.map((name) => ({ namespace: 'aaa', name })) },
});

async function send(method: string, path: string, body: object, type?: string): Promise<void> {
  const { status, text } = await world.system.plane.request(method, path, body as never, type as never);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
}
const merge = 'application/merge-patch+json';
const tunnelPath = `${GROUP_PATH}/namespaces/acme/tenanttunnels`;
const setServices = (...services: object[]) =>
  send('PATCH', `${tunnelPath}/acme`, { spec: { services } }, merge);

/** The EndpointSlice that a cluster with nodes would write. */
async function pointTo(service: string, server: FreeRadius): Promise<void> {
  const path = '/apis/discovery.k8s.io/v1/namespaces/aaa/endpointslices';
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [server.node.address], conditions: { ready: true } }],
    ports: [{ name: 'auth', protocol: 'UDP', port: 1812 }],
  };
  const { status } = await world.system.plane.request('PUT', `${path}/${service}-1`, slice);
  if (status === 404) await send('POST', path, slice);
}

const makeService = (name: string) =>
  send('POST', '/api/v1/namespaces/aaa/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ name: 'auth', protocol: 'UDP', port: 1812 }] },
  });

const start = async (name: string): Promise<FreeRadius> => {
  const server = await FreeRadius.start(world, name, { client: `${world.system.node.address}/32` });
  servers.push(server);
  return server;
};

const address = (): string => world.router('acme/r1').status?.address ?? '';

async function ask(): Promise<string> {
  const [command, args] = radclient(world.tunnel(TUNNEL).status?.serverAddress ?? '', 'auth');
  const login = `User-Name=alice,User-Password=wonderland,NAS-IP-Address=${address()}\n`;
  return router.exec(command, args, login).catch((error: Error) => error.message);
}
const isAccepted = async (): Promise<boolean> => (await ask()).includes('Received Access-Accept');

const said = (type: string) =>
  world.tunnel(TUNNEL).status?.conditions?.find((condition) => condition.type === type);
const untilSaid = (reason: string) => waitFor(reason, () => said('ServicesReady')?.reason === reason);

(hasFreeRadius ? describe : describe.skip)('a RADIUS server that the class shares, and a router', () => {
  beforeAll(async () => {
    world = await World.start({ namespaces: ['acme', 'aaa'], classSpec: shared('freeradius') });
    await send('POST', tunnelPath, {
      apiVersion: API_VERSION,
      kind: 'TenantTunnel',
      metadata: { name: 'acme' },
      spec: { services: [RADIUS] },
    });
    router = await world.bringOnline('acme/r1', '7.24');
  });
  afterAll(async () => {
    await world?.stop();
    for (const server of servers) server.remove();
  });

  test('are told that the Service does not exist; the tunnel is Ready', async () => {
    await untilSaid('ServiceNotFound');
    expect(said('Ready')?.status).toBe('True');
    expect(await isAccepted()).toBe(false);
  });

  test('speak as soon as it does, and the server knows the router', async () => {
    await makeService('freeradius');
    await untilSaid('NoEndpoints');
    const server = await start('radius-1');
    const began = performance.now();
    await pointTo('freeradius', server);
    await waitFor('Access-Accept', isAccepted);
    tell(`EndpointSlice → Access-Accept: ${Math.round(performance.now() - began)} ms`);
    await untilSaid('ServicesReady');
    const answer = await ask();
    tell(`${/Received Access-\w+/.exec(answer)?.[0]}, ${/Reply-Message = .*/.exec(answer)?.[0]}`);
    expect(answer).toContain(`Reply-Message = "from ${world.system.node.address}, ${address()}"`);
  });

  test('go on speaking while the controller is dead, also to another pod', async () => {
    await world.system.kill('controller');
    const server = await start('radius-2');
    await pointTo('freeradius', server);
    await servers[0]?.node.destroy();
    await waitFor('Access-Accept', isAccepted);
    await world.system.start('controller');
  });

  test('go on speaking while the agent is dead, and when it is back', async () => {
    await world.system.kill('agent');
    expect(await isAccepted()).toBe(true);
    await world.system.start('agent');
    for (let n = 0; n < 5; n += 1) expect(await isAccepted()).toBe(true);
    expect(said('ServicesReady')?.status).toBe('True');
  });

  test('speak again after the sidecar was killed', async () => {
    await world.system.kill('sidecar');
    await world.system.start('sidecar');
    await waitFor('Access-Accept', isAccepted);
  });

  test('are kept from a Service that the class does not share, until it does', async () => {
    await makeService('other');
    await pointTo('other', servers[1] as FreeRadius);
    await setServices(RADIUS, OTHER);
    await untilSaid('ServiceNotAllowed');
    expect(said('ServicesReady')?.message).toContain('Service aaa/other is not of namespace acme');
    expect(await isAccepted()).toBe(true);
    await send(
      'PATCH',
      `${GROUP_PATH}/tunnelclasses/standard`,
      { spec: shared('freeradius', 'other') },
      merge,
    );
    await untilSaid('ServicesReady');
    await setServices();
    await waitFor('no condition', () => said('ServicesReady') === undefined);
    expect(await isAccepted()).toBe(false);
    expect(said('Ready')?.status).toBe('True');
  });
});
