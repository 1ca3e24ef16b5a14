import { NO_HOSTS } from './no-hosts.ts';
import { causes, type KindName, Server } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.start();
}, 600_000);
afterAll(() => server?.stop());

const KEY = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
const LABEL =
  'write 1 to 63 lower-case letters, digits and "-", starting and ending with a letter or digit, for example "acme-east"';
const OBJECT_NAME =
  'write the name of an object: 1 to 63 lower-case letters, digits, "-" and ".", for example "acme"';
const NETWORK = 'write an IPv4 network as address/length, for example "10.100.0.0/16"';
const ADDRESS = 'write one IPv4 address without a prefix length, for example "10.100.1.7"';
const WIREGUARD_KEY =
  'write a WireGuard public key as "wg pubkey" prints it: 32 bytes in base64, 44 characters ending in "="';
const HOST =
  'write a DNS name or an IP address without scheme, port or trailing dot, for example "vpn.example.com" or "203.0.113.10"';
const USER =
  'write 1 to 32 letters, digits and any of ". _ @ -", starting and ending with a letter or digit, for example "tenant-tunnel"';
const ONE_LINE =
  'write it on one line without control characters (line breaks, tabs, NUL, marks that turn the direction of text)';
const ORDINARY = 'write a network of ordinary addresses, not loopback, link-local, multicast or reserved';
const MENU = 'write a menu of RouterOS with slashes, for example "/ip/firewall/filter"';
const PROPERTY =
  'write the names of properties as RouterOS has them: lower-case letters, digits and "-", for example "dst-port"';

/** The error's field and sentence; a `spec` of undefined means none at all. */
type Refusal = [spec: object | undefined, field: string, sentence: string];

async function expectRefusal(kind: KindName, [spec, field, sentence]: Refusal, name = 'refused') {
  const said = causes(await server.create(kind, { metadata: { name }, ...(spec && { spec }) }));
  expect(said.map((cause) => cause.field)).toEqual([field]);
  // The server quotes the value before the sentence where it can.
  expect(said[0]?.message.endsWith(sentence) ? sentence : said[0]?.message).toBe(sentence);
}

const titled = (refusals: Refusal[]) =>
  refusals.map((refusal) => [JSON.stringify(refusal[0]) ?? 'no spec', refusal] as const);

describe('a Router is refused, with one sentence on what to write instead, for', () => {
  const router = (fields: object) => ({ tenant: 'acme', ...fields });
  const pin = (address: string): Refusal => [router({ address }), 'spec.address', ADDRESS];
  const key = (publicKey: string): Refusal => [router({ publicKey }), 'spec.publicKey', WIREGUARD_KEY];
  const subnet = (cidr: string, sentence = NETWORK): Refusal => [
    router({ subnets: ['172.20.0.0/16', cidr] }),
    'spec.subnets[1]',
    sentence,
  ];
  const identity = (text: string, sentence = ONE_LINE): Refusal => [
    router({ identity: text }),
    'spec.identity',
    sentence,
  ];
  const user = (name: string, sentence = USER): Refusal => [
    router({ management: { user: name } }),
    'spec.management.user',
    sentence,
  ];
  const refusals: Refusal[] = [
    [undefined, 'spec', 'Required value'],
    [{}, 'spec', 'write either tenant, e.g. "acme", or tunnelRef: a router joins one tunnel'],
    [
      router({ tunnelRef: { name: 'acme' } }),
      'spec.tunnelRef',
      'write only one of tenant and tunnelRef: a router joins one tunnel',
    ],
    ...['', 'Acme', 'a_b', 'a.b', '-a', 'a-', 'zürich', 'a b', 'a\n', 'a'.repeat(64), '$(reboot)'].map(
      (tenant): Refusal => [{ tenant }, 'spec.tenant', LABEL],
    ),
    [{ tunnelRef: { name: 'no_name' } }, 'spec.tunnelRef.name', OBJECT_NAME],
    [{ tunnelRef: { name: 'a'.repeat(64) } }, 'spec.tunnelRef.name', OBJECT_NAME],
    [{ tunnelRef: { name: 'a', namespace: 'a/b' } }, 'spec.tunnelRef.namespace', LABEL],
    [{ tunnelRef: {} }, 'spec.tunnelRef.name', 'Required value'],
    pin('10.100.1'),
    pin('10.100.1.256'),
    pin('10.100.1.7/16'),
    pin('10.100.1.07'),
    pin(' 10.100.1.7'),
    pin('0x0a.1.1.1'),
    pin('fd00::7'),
    pin('::ffff:10.1.1.1'),
    pin('127.0.0.1'),
    pin('224.0.0.5'),
    pin('0.0.0.0'),
    pin('router-7'),
    pin(''),
    key('abc'),
    key(''),
    key(KEY.slice(0, 43)),
    key(`${KEY.slice(0, 42)}h=`),
    key(`${KEY}=`),
    key(KEY.replace('x', '-')),
    key(`${KEY}\n`),
    key(`${KEY}\nPresharedKey = ${KEY}`),
    [
      router({ publicKey: `${'A'.repeat(43)}=` }),
      'spec.publicKey',
      'write the public key of a real key pair: this one is 32 zero bytes, which WireGuard refuses',
    ],
    subnet('192.168.88.0'),
    subnet('192.168.88.0/33'),
    subnet('192.168.88.0/024'),
    subnet('fd00::/64'),
    subnet('192.168.88.0/24\n'),
    subnet(
      '192.168.88.1/24',
      '192.168.88.1/24 has bits set beyond its prefix length; write the network itself: 192.168.88.0/24',
    ),
    subnet(
      '64.0.0.0/4',
      'write a prefix length from 8 to 32: a wider network would take the traffic of the whole tunnel',
    ),
    subnet('127.0.0.0/8', ORDINARY),
    subnet('169.254.0.0/16', ORDINARY),
    subnet('239.0.0.0/8', ORDINARY),
    subnet('0.1.0.0/16', ORDINARY),
    subnet('240.0.0.0/8', ORDINARY),
    subnet('169.0.0.0/8', ORDINARY),
    identity('', 'write at least one character, or leave identity out to use the name of the Router'),
    identity('a'.repeat(65), 'write at most 64 bytes, which is what RouterOS holds: these are 65'),
    identity('ü'.repeat(33), 'write at most 64 bytes, which is what RouterOS holds: these are 66'),
    identity('mast\nreboot'),
    identity('mast\r'),
    identity('mast\t1'),
    identity('mast\u0000'),
    identity('mast\u001b[2J'),
    identity('mast\u007f'),
    identity('mast\u0085'),
    identity('mast\u2028'),
    identity('mast\u202egnp'),
    user(''),
    user('-operator'),
    user('operator*'),
    user('two words'),
    user('"quoted"'),
    user('a'.repeat(33)),
    user(
      'Admin',
      'write a name other than "admin": the operator sets this user\'s password and limits from where it may log in',
    ),
    ...[0, -1].map(
      (apiPort): Refusal => [
        router({ management: { apiPort } }),
        'spec.management.apiPort',
        'spec.management.apiPort in body should be greater than or equal to 1',
      ],
    ),
    [
      router({ management: { apiPort: 65536 } }),
      'spec.management.apiPort',
      'spec.management.apiPort in body should be less than or equal to 65535',
    ],
    [router({ profiles: ['Base!'] }), 'spec.profiles[0]', OBJECT_NAME],
    [router({ profiles: ['base', 'base'] }), 'spec.profiles', 'write each profile once'],
  ];

  test.each(titled(refusals))('%s', (_title, refusal) => expectRefusal('Router', refusal));

  test('a name of 64 characters', () =>
    expectRefusal(
      'Router',
      [router({}), 'metadata.name', 'write a name of at most 63 characters: this one has 64'],
      'r'.repeat(64),
    ));

  test('more subnets, profiles or text than any router has', async () => {
    const subnets = Array.from({ length: 17 }, (_, index) => `172.20.${index}.0/24`);
    const profiles = Array.from({ length: 17 }, (_, index) => `profile-${index}`);
    for (const fields of [{ subnets }, { profiles }, { identity: 'a'.repeat(300_000) }]) {
      const [first] = causes(
        await server.create('Router', { metadata: { name: 'many' }, spec: router(fields) }),
      );
      expect(first?.message).toMatch(
        /^Too (many|long): .*(must have at most 16 items|may not be more than 256 bytes)$/,
      );
    }
  });
});

describe('a TenantTunnel is refused for', () => {
  const service = (fields: object) => ({
    services: [
      { name: 'radius', protocol: 'UDP', port: 1812, service: { name: 'radius', port: 1812 }, ...fields },
    ],
  });
  const refusals: Refusal[] = [
    [{ tenant: 'Acme Inc' }, 'spec.tenant', LABEL],
    [{ className: 'a/b' }, 'spec.className', OBJECT_NAME],
    [{ subnet: '10.117.0.0' }, 'spec.subnet', NETWORK],
    [
      { subnet: '10.117.0.1/16' },
      'spec.subnet',
      '10.117.0.1/16 has bits set beyond its prefix length; write the network itself: 10.117.0.0/16',
    ],
    ...['10.0.0.0/14', '10.117.0.0/29', '10.117.0.0/31'].map(
      (subnet): Refusal => [
        { subnet },
        'spec.subnet',
        'write a prefix length from 16 to 28: a tunnel holds at most 65,279 routers, and below a /28 hardly one',
      ],
    ),
    [{ listenPort: 0 }, 'spec.listenPort', 'spec.listenPort in body should be greater than or equal to 1'],
    [
      { listenPort: 65536 },
      'spec.listenPort',
      'spec.listenPort in body should be less than or equal to 65535',
    ],
    [{ mtu: 1279 }, 'spec.mtu', 'spec.mtu in body should be greater than or equal to 1280'],
    [
      { persistentKeepaliveSeconds: -1 },
      'spec.persistentKeepaliveSeconds',
      'spec.persistentKeepaliveSeconds in body should be greater than or equal to 0',
    ],
    [service({ protocol: 'udp' }), 'spec.services[0].protocol', 'supported values: "UDP", "TCP"'],
    [service({ name: 'Radius' }), 'spec.services[0].name', LABEL],
    [
      { services: ['a', 'b'].map((name) => ({ ...service({}).services[0], name })) },
      'spec.services',
      'write each protocol and port once: two of the services have the same',
    ],
    [
      { allowedNamespaces: ['billing', '*.acme'] },
      'spec.allowedNamespaces[1]',
      'write the name of a namespace, for example "billing", or "*" for all',
    ],
  ];

  test.each(titled(refusals))('%s', (_title, refusal) => expectRefusal('TenantTunnel', refusal));

  test('a name that cannot stand for the tenant when none is written', async () => {
    const sentence =
      'write spec.tenant: the name of this object cannot stand for the tenant, since it is not made of lower-case letters, digits and "-" only';
    await expectRefusal('TenantTunnel', [undefined, 'spec.tenant', sentence], 'acme.east');
    await server.created('TenantTunnel', { metadata: { name: 'acme.east' }, spec: { tenant: 'acme-east' } });
  });
});

describe('a TunnelClass is refused for', () => {
  const WHAT_ROUTERS =
    'write what routers connect to: with mode Static a DNS name or an IP address, with mode Node the domain of the names that tunnels get, for example "vpn.example.com"';
  const klass = (fields: object) => ({ endpoint: { host: 'vpn.example.com' }, ...fields });
  const pools = (...written: object[]) => klass({ pools: written });
  const NO_USE =
    'write a unique local network (in fc00::/7) or a global unicast one (in 2000::/3), for example "fd12:3456:789a::/48"';
  const refusals: Refusal[] = [
    [{}, 'spec.endpoint', 'Required value'],
    [{ endpoint: {} }, 'spec.endpoint.host', WHAT_ROUTERS],
    [{ endpoint: { mode: 'Node' } }, 'spec.endpoint.host', WHAT_ROUTERS],
    ...['', ...NO_HOSTS].map((host): Refusal => [{ endpoint: { host } }, 'spec.endpoint.host', HOST]),
    [
      { endpoint: { host: 'vpn.example.com', mode: 'Floating' } },
      'spec.endpoint.mode',
      'supported values: "Static", "Node", "LoadBalancer"',
    ],
    ...['203.0.113.10', '2001:db8::1', `${`${'h'.repeat(60)}.`.repeat(3)}${'h'.repeat(58)}`].flatMap(
      (domain) =>
        ['Node', 'LoadBalancer'].map(
          (mode): Refusal => [
            { endpoint: { host: domain, mode } },
            'spec.endpoint.host',
            'write a domain of at most 240 characters, not an address: each tunnel gets a name below it, for example wg3.vpn.example.com',
          ],
        ),
    ),
    [
      { endpoint: { host: 'vpn.example.com', mode: 'Node', loadBalancer: {} } },
      'spec.endpoint.loadBalancer',
      'leave loadBalancer out, or set mode to LoadBalancer: no other mode reads it',
    ],
    [
      { endpoint: { mode: 'LoadBalancer', loadBalancer: { loadBalancerClass: 'not one' } } },
      'spec.endpoint.loadBalancer.loadBalancerClass',
      'write a class of load balancers as its controller names it, for example "example.com/internal"',
    ],
    [pools({ cidr: '10.0.0.0' }), 'spec.pools[0].cidr', NETWORK],
    [pools({ cidr: 'fd00::/16' }), 'spec.pools[0].cidr', NETWORK],
    [
      pools({ cidr: '10.64.0.0/8' }),
      'spec.pools[0].cidr',
      '10.64.0.0/8 has bits set beyond its prefix length; write the network itself: 10.0.0.0/8',
    ],
    [
      pools({ cidr: '10.0.0.0/7' }),
      'spec.pools[0].cidr',
      'write a prefix length from 8 to 28: a pool is at least as wide as one subnet',
    ],
    ...['10.9.0.0/29', '10.9.0.0/31', '10.9.0.0/32'].map(
      (cidr): Refusal => [
        pools({ cidr }),
        'spec.pools[0].cidr',
        'write a prefix length from 8 to 28: a pool is at least as wide as one subnet',
      ],
    ),
    [
      pools({ cidr: '10.9.0.0/18' }),
      'spec.pools[0].prefixLength',
      'write a prefixLength of at least 18: a subnet cannot be wider than its pool 10.9.0.0/18',
    ],
    ...[8, 15, 29, 31, 32, 64].map(
      (prefixLength): Refusal => [
        pools({ cidr: '10.0.0.0/8', prefixLength }),
        'spec.pools[0].prefixLength',
        'write a prefixLength from 16 (65,279 routers a tunnel) to 28 (13 routers)',
      ],
    ),
    [
      pools({ cidr: '10.9.0.0/16' }, { cidr: '10.0.0.0/8' }),
      'spec.pools',
      'write each network once: one of the pools lies inside another',
    ],
    [
      pools({ cidr: '10.9.0.0/16' }, { cidr: '10.9.0.0/16' }),
      'spec.pools',
      'write each network once: one of the pools lies inside another',
    ],
    [pools({ cidr: '2001:db8::/32', prefixLength: 20 }), 'spec.pools[0].cidr', NETWORK],
    ...(
      [
        ['10.0.0.0/8', 'write an IPv6 network as address/length, for example "fd12:3456:789a::/48"'],
        ['fd12:3456:789a::', 'write an IPv6 network as address/length, for example "fd12:3456:789a::/48"'],
        [
          'fd12:3456:789a::1/48',
          'fd12:3456:789a::1/48 has bits set beyond its prefix length; write the network itself: fd12:3456:789a::/48',
        ],
        ['fd12:3456:789a::/49', 'write a /48 or a wider network: each tunnel has a /64 of it by its number'],
        ['fe80::/10', NO_USE],
        ['ff00::/16', NO_USE],
        ['::/0', NO_USE],
        ['64:ff9b:1::/48', NO_USE],
      ] as const
    ).map(([pool, sentence]): Refusal => [klass({ ipv6: { pool } }), 'spec.ipv6.pool', sentence]),
    [klass({ ipv6: {} }), 'spec.ipv6.pool', 'Required value'],
    [klass({ exclude: ['10.140.0.0/16', 'office'] }), 'spec.exclude[1]', NETWORK],
    [klass({ exclude: ['fd00::/8'] }), 'spec.exclude[0]', NETWORK],
    [klass({ subnetAssignment: 'Same' }), 'spec.subnetAssignment', 'supported values: "Distinct", "Equal"'],
    [
      klass({ ports: { first: 60000, last: 65536 } }),
      'spec.ports.last',
      'spec.ports.last in body should be less than or equal to 65535',
    ],
    [
      klass({ ports: { first: 60000, last: 50000 } }),
      'spec.ports.last',
      'write a last port that is not below the first',
    ],
    [
      klass({ gateway: { nodeSelector: { edge: 'yes please' } } }),
      'spec.gateway.nodeSelector[edge]',
      'write the value of a label: at most 63 letters, digits, "-", "_" and ".", for example "true"',
    ],
    [klass({ router: { managementUser: 'a b' } }), 'spec.router.managementUser', USER],
    [klass({ mtu: 9001 }), 'spec.mtu', 'spec.mtu in body should be less than or equal to 9000'],
    [
      klass({ quarantineSeconds: -5 }),
      'spec.quarantineSeconds',
      'spec.quarantineSeconds in body should be greater than or equal to 0',
    ],
  ];

  test.each(titled(refusals))('%s', (_title, refusal) => expectRefusal('TunnelClass', refusal));

  test('no pool at all', async () => {
    const [cause] = causes(await server.create('TunnelClass', { metadata: { name: 'none' }, spec: pools() }));
    expect(cause).toEqual({ field: 'spec.pools', message: expect.stringContaining('at least 1 item') });
  });
});

const SET = 'write set with what the row shall have; with state Absent write match alone';

describe('a RouterProfile is refused for', () => {
  const resource = (fields: object) => ({
    resources: [{ path: '/ip/dns', set: { servers: '9.9.9.9' }, ...fields }],
  });
  const refusals: Refusal[] = [
    [{}, 'spec', 'write resources, lists, or both'],
    [{ resources: [{ path: '/ip/dns' }] }, 'spec.resources[0]', SET],
    [resource({ state: 'Absent' }), 'spec.resources[0]', SET],
    [{ resources: [{ path: '/ip/pool', state: 'Absent' }] }, 'spec.resources[0]', SET],
    ...['', 'ip dns', '/ip dns', '/', '/ip/', '/IP/dns', '/ip/dns;/system/reboot', '/ip/dns\n'].map(
      (path): Refusal => [resource({ path }), 'spec.resources[0].path', MENU],
    ),
    ...['Servers', '.id', '', 'a=b', 'a b'].map(
      (name): Refusal => [resource({ set: { [name]: 'x' } }), 'spec.resources[0].set', PROPERTY],
    ),
    [resource({ match: { '.id': '*1' } }), 'spec.resources[0].match', PROPERTY],
  ];

  test.each(titled(refusals))('%s', (_title, refusal) => expectRefusal('RouterProfile', refusal));

  test('10,000 rows', async () => {
    const [row] = resource({}).resources;
    const spec = { resources: Array.from({ length: 10_000 }, () => row) };
    const [cause] = causes(await server.create('RouterProfile', { metadata: { name: 'many' }, spec }));
    expect(cause?.message).toBe('Too many: 10000: must have at most 256 items');
  });
});
