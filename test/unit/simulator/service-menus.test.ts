import type { RouterOs } from '../../simulator/engine/index.ts';
import { makeRouter, paste, refusalOf, VERSIONS } from './routers.ts';

const add = (router: RouterOs, menu: string, attributes: Record<string, string>, user = 'admin') =>
  router.execute({ menu, command: 'add', attributes, user }).ret ?? '';
const set = (router: RouterOs, menu: string, attributes: Record<string, string>) =>
  router.execute({ menu, command: 'set', attributes, user: 'admin' });
const read = (router: RouterOs, menu: string, id: string) =>
  router.rows(menu).find((row) => row['.id'] === id);
const idOf = (router: RouterOs, menu: string, name: string) =>
  router.rows(menu).find((row) => row.name === name)?.['.id'] ?? '';

/** Written, and read back. */
const SPELLINGS = [
  ['/queue/simple', { name: 'q', target: '192.168.88.10' }, 'max-limit', '2M/20M', '2000000/20000000'],
  ['/queue/simple', { name: 'q', target: '192.168.88.10' }, 'max-limit', '512k', '512000/512000'],
  ['/queue/simple', { name: 'q', target: 'ether2' }, 'target', '10.0.0.7,bridge', '10.0.0.7/32,bridge'],
  ['/queue/simple', { name: 'q', target: 'ether2' }, 'burst-time', '8', '8s/8s'],
  ['/radius', {}, 'service', 'hotspot,ppp', 'ppp,hotspot'],
  ['/radius', {}, 'timeout', '3000ms', '3s'],
  ['/radius', {}, 'timeout', '00:00:03', '3s'],
  ['/radius', {}, 'accounting-backup', 'yes', 'true'],
  ['/ip/dhcp-server', { interface: 'bridge' }, 'lease-time', '3600', '1h'],
  ['/ip/dhcp-server', { interface: 'bridge' }, 'authoritative', 'yes', 'yes'],
  ['/ip/dhcp-server/network', { address: '10.5.50.1/24' }, 'address', '10.5.60.9/24', '10.5.60.0/24'],
  ['/ip/hotspot/profile', { name: 'p' }, 'login-by', 'http-pap,http-chap', 'http-chap,http-pap'],
  ['/ip/hotspot/profile', { name: 'p' }, 'radius-interim-update', '300', '5m'],
  ['/ip/hotspot/profile', { name: 'p' }, 'radius-interim-update', 'received', 'received'],
  ['/ip/hotspot', { interface: 'bridge' }, 'idle-timeout', 'none', 'none'],
  ['/ppp/profile', { name: 'p' }, 'change-tcp-mss', 'yes', 'yes'],
  ['/ip/firewall/address-list', { list: 'l', address: '10.0.0.1' }, 'address', '10.0.0.2/32', '10.0.0.2'],
  ['/snmp/community', { name: 'c' }, 'addresses', '10.100.0.1', '10.100.0.1/32'],
] as const;

test.each(SPELLINGS)('%s %j: %s=%s reads %s', (menu, attributes, property, written, reads) => {
  const router = makeRouter();
  const id = add(router, menu, attributes);
  set(router, menu, { '.id': id, [property]: written });
  expect(read(router, menu, id)?.[property]).toBe(reads);
});

test('cache-size is told with its unit and taken without', () => {
  const router = makeRouter();
  set(router, '/ip/dns', { 'cache-size': '4096', servers: '1.1.1.1,2606:4700::1111' });
  expect(router.rows('/ip/dns')[0]).toMatchObject({
    'cache-size': '4096KiB',
    servers: '1.1.1.1,2606:4700::1111',
  });
});

/** Rows of one menu that name rows of another. */
const DEPENDENCIES = [
  ['/ip/dhcp-server', { interface: 'bridge', 'address-pool': 'none-such' }, 'address-pool'],
  ['/ip/dhcp-server', { interface: 'ether77' }, 'interface'],
  ['/ip/hotspot', { interface: 'bridge', profile: 'none-such' }, 'profile'],
  ['/ip/hotspot', { interface: 'bridge', 'address-pool': 'none-such' }, 'address-pool'],
  ['/ppp/profile', { name: 'p', 'remote-address': 'none-such' }, 'remote-address'],
  ['/interface/pppoe-server/server', { interface: 'bridge', 'default-profile': 'p' }, 'default-profile'],
  ['/system/logging', { topics: 'hotspot', action: 'none-such' }, 'action'],
  ['/system/logging', { topics: 'nonsense' }, 'topics'],
  ['/queue/simple', { target: 'ether77' }, 'target'],
  ['/queue/simple', { target: 'ether2', parent: 'none-such' }, 'parent'],
] as const;

test.each(DEPENDENCIES)('%s %j is refused for its %s', (menu, attributes, property) => {
  const refusal = refusalOf(() => add(makeRouter(), menu, attributes));
  expect(refusal).toBe(`input does not match any value of ${property}`);
});

test('a pool that is used can be removed, and whoever named it has an unknown one', () => {
  const router = makeRouter();
  const id = add(router, '/ip/pool', { name: 'hs', ranges: '10.5.50.2-10.5.50.254' });
  const server = add(router, '/ip/dhcp-server', { interface: 'bridge', 'address-pool': 'hs' });
  router.execute({ menu: '/ip/pool', command: 'remove', attributes: { '.id': id }, user: 'admin' });
  expect(read(router, '/ip/dhcp-server', server)?.['address-pool']).toBe(id);
});

test.each(['10.5.50.9-10.5.50.2', '10.5.50', '10.5.50.1-', 'fe80::1'])('ranges=%s is no pool', (ranges) => {
  expect(refusalOf(() => add(makeRouter(), '/ip/pool', { name: 'p', ranges }))).toMatch(/^invalid value/);
});

const BUILTIN = [
  ['/ppp/profile', 'default-encryption'],
  ['/ip/hotspot/profile', 'default'],
  ['/ip/hotspot/user/profile', 'default'],
  ['/snmp/community', 'public'],
  ['/system/logging/action', 'remote'],
] as const;

test.each(BUILTIN)('%s has %s from the factory, which can be set and not removed', (menu, name) => {
  const router = makeRouter();
  const id = idOf(router, menu, name);
  expect(read(router, menu, id)).toMatchObject({ default: 'true' });
  const remove = () => router.execute({ menu, command: 'remove', attributes: { '.id': id }, user: 'admin' });
  expect(refusalOf(remove)).toMatch(/^failure:/);
});

test('secrets read as stars without the policy sensitive, and in clear with it', () => {
  const router = makeRouter();
  paste(router, '/user/group/add name=weak policy=read,write,api');
  paste(router, '/user/add name=weak group=weak password=x');
  add(router, '/radius', { service: 'hotspot', address: '10.100.0.1', secret: 'open sesame' });
  const secretFor = (user: string) =>
    router.execute({ menu: '/radius', command: 'print', user }).rows[0]?.secret;
  expect(secretFor('weak')).toBe('*****');
  expect(secretFor('admin')).toBe('open sesame');
});

test("the NTP client's list and the rows of its servers are one thing", () => {
  const router = makeRouter();
  set(router, '/system/ntp/client', { enabled: 'yes', servers: '0.pool.ntp.org,192.0.2.1' });
  const addresses = () => router.rows('/system/ntp/client/servers').map(({ address }) => address);
  expect(addresses()).toEqual(['0.pool.ntp.org', '192.0.2.1']);
  add(router, '/system/ntp/client/servers', { address: '192.0.2.9' });
  expect(router.rows('/system/ntp/client')[0]).toMatchObject({
    servers: '0.pool.ntp.org,192.0.2.1,192.0.2.9',
    enabled: 'true',
  });
  set(router, '/system/ntp/client', { servers: '' });
  expect(addresses()).toEqual([]);
});

test('a PPPoE server that is added is off unless it says otherwise', () => {
  const router = makeRouter();
  const menu = '/interface/pppoe-server/server';
  expect(read(router, menu, add(router, menu, { interface: 'bridge' }))?.disabled).toBe('true');
  const on = add(router, menu, { interface: 'ether2', disabled: 'no' });
  expect(read(router, menu, on)?.disabled).toBe('false');
});

test("an action's name is letters and numbers alone", () => {
  const refusal = refusalOf(() =>
    add(makeRouter(), '/system/logging/action', { name: 'to-server', target: 'remote' }),
  );
  expect(refusal).toMatch(/letters and numbers/);
});

/** Property, and in which versions it is known. */
const SPANS = [
  ['/radius', { 'require-message-auth': 'no' }, ['7.16.2', '7.18.2', '7.20.8', '7.22.3', '7.24']],
  [
    '/system/logging/action',
    { name: 'a', target: 'remote', 'bsd-syslog': 'yes' },
    ['7.9.2', '7.12.2', '7.16.2'],
  ],
  [
    '/system/logging/action',
    { name: 'a', target: 'remote', 'remote-log-format': 'bsd-syslog' },
    ['7.18.2', '7.20.8', '7.22.3', '7.24'],
  ],
  ['/system/logging', { topics: 'info', comment: 'ours' }, ['7.22.3', '7.24']],
] as const;

test.each(SPANS)('%s add %j is known to %j alone', (menu, attributes, known) => {
  const takes = VERSIONS.filter((version) => {
    try {
      add(makeRouter(version), menu, attributes);
      return true;
    } catch {
      return false;
    }
  });
  expect(takes).toEqual(known);
});
