import {
  NO_LINK,
  parseInterfaces,
  parseLink,
  parseRoutes,
  parseUdpPorts,
} from '../../../src/wireguard/tunnel/listing.ts';

const LINKS = JSON.stringify([
  { ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'], mtu: 65_536, addr_info: [] },
  {
    ifname: 'wg0',
    flags: ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'],
    mtu: 1420,
    linkinfo: { info_kind: 'wireguard' },
    addr_info: [
      { family: 'inet', local: '10.100.0.1', prefixlen: 16 },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
      { family: 'inet6', local: 'fd12::1', prefixlen: 64, scope: 'global' },
    ],
  },
  { ifname: 'wg1', flags: [], mtu: 1500, linkinfo: { info_kind: 'dummy' } },
]);

describe('what ip prints', () => {
  test('of an interface is its kind, MTU, state and addresses, but for what IPv6 makes up itself', () => {
    expect(parseLink(LINKS, 'wg0')).toEqual({
      kind: 'wireguard',
      mtu: 1420,
      up: true,
      addresses: ['10.100.0.1/16', 'fd12::1/64'],
    });
    expect(parseLink(LINKS, 'wg1')).toEqual({ kind: 'other', mtu: 1500, up: false, addresses: [] });
    expect(parseLink(LINKS, 'lo').up).toBe(true);
  });

  test('of an interface that is not there is nothing', () => {
    expect(parseLink(LINKS, 'wg')).toBe(NO_LINK);
    expect(parseLink('', 'wg0')).toBe(NO_LINK);
  });

  test('of routes are those that the kernel did not make for an address', () => {
    const routes = [
      { dst: '10.100.0.0/16', dev: 'wg0', protocol: 'kernel' },
      { dst: '192.168.1.0/24', dev: 'wg0', protocol: 'static' },
      { dst: '192.168.2.2', dev: 'wg0', protocol: 'static' },
      { dst: 'default', dev: 'wg0' },
    ];
    expect(parseRoutes(JSON.stringify(routes))).toEqual(['192.168.1.0/24', '192.168.2.2/32', '0.0.0.0/0']);
    expect(parseRoutes('')).toEqual([]);
  });
});

test('the UDP ports in use are read from the kernel table of either family', () => {
  const text = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '  123: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0',
    ' 1234: 00000000000000000000000000000000:CA6D 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 1 2 0',
    '',
  ].join('\n');
  expect(parseUdpPorts(text)).toEqual([51_820, 51_821]);
});

test('what the kernel lists of interfaces is their names', () => {
  const text = [
    'Inter-|   Receive                          |  Transmit',
    ' face |bytes    packets errs drop fifo     |bytes    packets',
    '    lo: 1004374693 1428993    0    0    0',
    'tto-wg12345:       0       0    0    0    0',
    '  wg0:0 0',
    '',
  ].join('\n');
  expect(parseInterfaces(text)).toEqual(['lo', 'tto-wg12345', 'wg0']);
  expect(parseInterfaces('')).toEqual([]);
});
