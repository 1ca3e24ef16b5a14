import { join } from 'node:path';
import { DEFAULT_POOLS } from '../../../src/api/index.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import { routerSpec } from '../../../src/api/v1alpha1/router.ts';
import { tunnelClassSpec } from '../../../src/api/v1alpha1/tunnel-class.ts';
import { accepted, type KindName, Server } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
}, 600_000);
afterAll(() => server?.stop());

describe('the API server', () => {
  test('fills in the defaults that the code takes from the same schema', async () => {
    const written = {
      endpoint: { host: 'vpn.example.com' },
      pools: [{ cidr: '10.9.0.0/16' }],
      ports: { first: 4000 },
    };
    const klass = await server.created('TunnelClass', { metadata: { name: 'some' }, spec: written });
    expect(klass.spec).toEqual(withDefaults(tunnelClassSpec, written));

    const router = await server.created('Router', {
      metadata: { name: 'defaults' },
      spec: { tenant: 'acme' },
    });
    expect(router.spec).toEqual(withDefaults(routerSpec, { tenant: 'acme' }));
  });

  test('gives a class with nothing but an endpoint 156 subnets from 10.100 to 10.255', async () => {
    const spec = { endpoint: { host: '203.0.113.10' } };
    const klass = await server.created('TunnelClass', { metadata: { name: 'least' }, spec });
    expect(klass.spec).toEqual({
      endpoint: { host: '203.0.113.10', mode: 'Static' },
      pools: DEFAULT_POOLS,
      exclude: [],
      subnetAssignment: 'Distinct',
      ports: { first: 51820, last: 65535 },
      gateway: { nodeSelector: {}, placement: 'Spread' },
      mtu: 1420,
      persistentKeepaliveSeconds: 25,
      routerToRouter: 'Allow',
      quarantineSeconds: 86400,
      restoreGraceSeconds: 3600,
      router: { managementUser: 'tenant-tunnel', apiPort: 8728, presharedKeys: false, ownKeys: true },
    });
  });

  test('says that nobody has looked at a new object yet, so that it does not count as healthy', async () => {
    const endpoint = { host: 'vpn.example.com' };
    await server.created('TunnelClass', { metadata: { name: 'new' }, spec: { endpoint } });
    await server.created('TenantTunnel', { metadata: { name: 'new' } });
    await server.created('Router', { metadata: { name: 'new' }, spec: { tenant: 'acme' } });
    const resources = [{ path: '/ip/dns', set: { servers: '9.9.9.9' } }];
    await server.created('RouterProfile', { metadata: { name: 'new' }, spec: { resources } });
    for (const kind of ['TunnelClass', 'TenantTunnel', 'Router', 'RouterProfile'] as const) {
      expect(accepted(await server.get(kind, 'new')).status).toEqual({ observedGeneration: -1 });
    }
  });

  test.each([
    'Zürich Nord #1',
    'a"b\'c`d$e[f];g\\h{i}?',
    '日本語ルーター',
    'ü'.repeat(32),
    'x'.repeat(64),
    ' spaces around ',
    '🛰 mast',
    'مسجد‌جامع',
  ])('keeps an identity exactly as written: %s', async (identity) => {
    const router = await server.created('Router', {
      metadata: { generateName: 'identity-' },
      spec: { tenant: 'acme', identity },
    });
    expect(router.spec.identity).toBe(identity);
  });

  test('takes names of 63 characters, and tenants of as many', async () => {
    const name = `r${'0123456789'.repeat(6)}ab`;
    expect(name).toHaveLength(63);
    await server.created('Router', { metadata: { name }, spec: { tenant: name } });
    await server.created('TenantTunnel', { metadata: { name } });
  });

  test.each(['vpn.example.com', 'VPN', 'xn--zrich-kva.example', 'a-1.b2', '203.0.113.10', '2001:db8::1'])(
    'takes the endpoint %s',
    async (host) => {
      await server.created('TunnelClass', {
        metadata: { generateName: 'host-' },
        spec: { endpoint: { host } },
      });
    },
  );

  test.each([
    { mode: 'Node', host: 'vpn.example.com' },
    { mode: 'Node', host: `${`${'h'.repeat(59)}.`.repeat(4)}`.slice(0, -1) },
    { mode: 'LoadBalancer' },
    { mode: 'LoadBalancer', host: 'vpn.example.com' },
    { mode: 'LoadBalancer', loadBalancer: { loadBalancerClass: 'service.k8s.aws/nlb' } },
    { mode: 'LoadBalancer', loadBalancer: { annotations: { 'example.com/a': 'b' } } },
  ])('takes the endpoint %j', async (endpoint) => {
    await server.created('TunnelClass', { metadata: { generateName: 'mode-' }, spec: { endpoint } });
  });

  test('takes pools that touch but do not overlap', async () => {
    const pools = [
      { cidr: '10.64.0.0/11', prefixLength: 20 },
      { cidr: '10.96.0.0/16', prefixLength: 23 },
      { cidr: '10.97.0.0/16', prefixLength: 16 },
      { cidr: '10.98.0.0/28', prefixLength: 28 },
      { cidr: '10.98.0.16/28', prefixLength: 28 },
      { cidr: '10.98.1.0/24', prefixLength: 24 },
    ];
    const spec = { endpoint: { host: 'vpn.example.com' }, pools };
    await server.created('TunnelClass', { metadata: { name: 'touching' }, spec });
  });

  test('takes objects as large as the schema allows without running out of its CEL budget', async () => {
    const name = 'n'.repeat(63);
    const many = <Item>(count: number, item: (index: number) => Item) =>
      Array.from({ length: count }, (_, i) => item(i));
    await server.created('Router', {
      metadata: { name: 'large' },
      spec: {
        tenant: name,
        identity: 'i'.repeat(64),
        subnets: many(16, (index) => `172.${16 + index}.0.0/16`),
        profiles: many(16, (index) => `${'p'.repeat(60)}${index}`),
      },
    });
    await server.created('TenantTunnel', {
      metadata: { name: 'large' },
      spec: {
        services: many(32, (index) => ({
          name: `s-${index}`,
          protocol: 'TCP',
          port: index + 1,
          service: { name, namespace: name, port: 1 },
        })),
        allowedNamespaces: many(64, (index) => `namespace-${index}`),
      },
    });
    await server.created('TunnelClass', {
      metadata: { name: 'large' },
      spec: {
        endpoint: { host: `${`${'h'.repeat(62)}.`.repeat(3)}example` },
        pools: many(16, (index) => ({ cidr: `10.${index * 16}.0.0/12`, prefixLength: 23 })),
        exclude: many(64, (index) => `10.${index}.0.0/16`),
      },
    });
    const row = Object.fromEntries(many(64, (index) => [`property-${index}`, 'v'.repeat(20)]));
    await server.created('RouterProfile', {
      metadata: { name: 'large' },
      spec: { resources: many(256, () => ({ path: '/ip/firewall/filter', set: row })) },
    });
  });
});

describe('kubectl', () => {
  /** kubectl keeps for hours what a server serves, by its address: not from before the CRDs, nor of another test. */
  const kubectl = (...args: string[]) =>
    server.controlPlane.kubectl([...args, `--cache-dir=${join(server.controlPlane.directory, 'cache')}`]);

  beforeAll(async () => {
    const since = new Date(Date.now() - 90 * 60_000).toISOString();
    const ready = (status: string, reason: string) => [
      { type: 'Ready', status, reason, message: `It is ${reason}.`, lastTransitionTime: since },
    ];
    const give = async (kind: KindName, name: string, status: object) =>
      accepted(await server.merge(kind, name, { status }, '/status'));
    await server.created('Router', { metadata: { name: 'mast' }, spec: { tenant: 'columns' } });
    await give('Router', 'mast', {
      phase: 'Offline',
      address: '10.100.1.1',
      tunnel: 'default/columns',
      model: 'hAP ax3',
      version: '7.16.2 (stable)',
      serialNumber: 'HE908',
      lastSeen: since,
      conditions: ready('False', 'HandshakeTimeout'),
    });
    await server.created('TenantTunnel', { metadata: { name: 'columns' } });
    await give('TenantTunnel', 'columns', {
      phase: 'Active',
      interfaceName: 'wg0',
      subnet: '10.100.0.0/16',
      endpoint: 'vpn.example.com:51820',
      gateway: 'node-1',
      routers: { total: 3, connected: 2, online: 1 },
      conditions: ready('True', 'Programmed'),
    });
    await server.created('TunnelClass', {
      metadata: { name: 'columns', annotations: { 'vpn.traidnet.io/is-default-class': 'true' } },
      spec: { endpoint: { host: 'vpn.example.com' } },
    });
    const pressure = { type: 'PoolPressure', status: 'True', reason: 'NearlyExhausted', message: '' };
    await give('TunnelClass', 'columns', {
      tunnels: 7,
      free: 149,
      conditions: [{ ...pressure, lastTransitionTime: since }],
    });
  });

  /** Column → text, of one line of `kubectl get`. Columns are found by where their headings start. */
  function columns(...args: string[]): Record<string, string> {
    const [head = '', line = ''] = kubectl('get', ...args).split('\n');
    const headings = [...head.matchAll(/\S+/g)];
    return Object.fromEntries(
      headings.map((heading, index) => [
        heading[0],
        line.slice(heading.index, headings[index + 1]?.index).trim(),
      ]),
    );
  }

  test('shows of a router whether it is up, where, and since when', () => {
    expect(columns('router', 'mast')).toEqual({
      NAME: 'mast',
      PHASE: 'Offline',
      ADDRESS: '10.100.1.1',
      TUNNEL: 'default/columns',
      REASON: 'HandshakeTimeout',
      SINCE: '90m',
      AGE: expect.stringMatching(/^\d+s$/),
    });
    expect(columns('rtr', 'mast', '-o', 'wide')).toMatchObject({
      MODEL: 'hAP ax3',
      VERSION: '7.16.2 (stable)',
      SERIAL: 'HE908',
      SEEN: '90m',
      MESSAGE: 'It is HandshakeTimeout.',
    });
  });

  test('shows of a tunnel whether it is up, where, and for how many routers', () => {
    expect(columns('tt', 'columns')).toEqual({
      NAME: 'columns',
      PHASE: 'Active',
      SUBNET: '10.100.0.0/16',
      ENDPOINT: 'vpn.example.com:51820',
      GATEWAY: 'node-1',
      ROUTERS: '3',
      ONLINE: '1',
      REASON: 'Programmed',
      SINCE: '90m',
      AGE: expect.stringMatching(/^\d+s$/),
    });
  });

  test('shows of a class whether it is the default, and how many tunnels it has', () => {
    expect(columns('tuncls', 'columns', '-o', 'wide')).toMatchObject({
      DEFAULT: 'true',
      ENDPOINT: 'vpn.example.com',
      TUNNELS: '7',
      FREE: '149',
      POOL: '10.100.0.0/14',
      PRESSURE: 'NearlyExhausted',
    });
  });

  test('lists every kind by the category vpn, and none of them by all', async () => {
    await server.created('RouterProfile', {
      metadata: { name: 'columns' },
      spec: { resources: [{ path: '/ip/dns', set: { servers: '9.9.9.9' } }] },
    });
    const listed = kubectl('get', 'vpn', '-o', 'name').split('\n');
    expect(listed).toEqual(
      expect.arrayContaining([
        'router.vpn.traidnet.io/mast',
        'tenanttunnel.vpn.traidnet.io/columns',
        'tunnelclass.vpn.traidnet.io/columns',
        'routerprofile.vpn.traidnet.io/columns',
      ]),
    );
    expect(kubectl('get', 'all', '-o', 'name')).not.toContain('vpn.traidnet.io');
  });

  test('explains a field with what it is, its default and an example', () => {
    expect(
      kubectl('explain', 'tunnelclass.spec.persistentKeepaliveSeconds').replaceAll(/\s+/g, ' '),
    ).toContain('in seconds, so that its NAT stays open. Default 25; 0 turns it off');
  });
});
