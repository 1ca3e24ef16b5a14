import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../simulator/engine/index.ts';
import { desiredRoutes, desiredWireguard, seconds } from '../../simulator/machine/linux/desired.ts';
import { changesBetween, type WireguardDevice } from '../../simulator/machine/linux/uapi.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OTHER = Buffer.alloc(32, 2).toString('base64');
const hex = (byte: string) => byte.repeat(32);

const tunnel: Row = { '.id': '*5', name: 'wg', 'private-key': KEY, 'listen-port': '13231', mtu: '1420' };
const peer: Row = {
  '.id': '*1',
  interface: 'wg',
  'public-key': OTHER,
  'endpoint-address': 'vpn.example.net',
  'endpoint-port': '51820',
  'allowed-address': '10.0.0.1,10.1.0.0/16',
  'persistent-keepalive': '25s',
};

function desired(peers: Row[], resolve = (_peer: Row, _host: string): string | undefined => '192.0.2.1') {
  const menus: Record<string, Row[]> = {
    '/interface/wireguard': [tunnel],
    '/interface/wireguard/peers': peers,
  };
  return desiredWireguard((menu) => menus[menu] ?? [], resolve)[0]?.device.peers;
}

describe('the WireGuard interface that a configuration asks for', () => {
  test('has its peers with lengths, seconds and a resolved endpoint', () => {
    expect(desired([peer])).toEqual([
      {
        publicKey: OTHER,
        allowedIPs: ['10.0.0.1/32', '10.1.0.0/16'],
        keepalive: 25,
        endpoint: '192.0.2.1:51820',
      },
    ]);
  });

  test('has no peers that are disabled, and no endpoint while the name does not resolve', () => {
    expect(desired([{ ...peer, disabled: 'true' }])).toEqual([]);
    expect(desired([peer], () => undefined)?.[0]).not.toHaveProperty('endpoint');
  });

  test.each([
    ['25s', 25],
    ['1m30s', 90],
    ['1w2d3h4m5s', 788_645],
    ['00:00:25', 25],
    ['1d00:00:01', 86_401],
    ['300ms', 0],
    ['', 0],
  ])('reads the time %s', (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });

  test('refuses routes that it cannot make', () => {
    const routes = (route: Row) => desiredRoutes((menu) => (menu === '/ip/route' ? [route] : []));
    expect(routes({ 'dst-address': '10.0.0.0/8', gateway: 'wg' })).toEqual([
      { destination: '10.0.0.0/8', gateway: 'wg', distance: 1 },
    ]);
    expect(() => routes({ 'dst-address': '10.0.0.0/8', gateway: 'wg', 'routing-table': 'x' })).toThrow(
      'cannot make',
    );
    expect(() => routes({ 'dst-address': '10.0.0.0/8', gateway: '10.0.0.1,10.0.0.2' })).toThrow(
      'cannot make',
    );
  });
});

describe('what a live device is told', () => {
  const before: WireguardDevice = {
    privateKey: KEY,
    listenPort: 1,
    peers: [{ publicKey: OTHER, allowedIPs: ['10.0.0.0/8'], keepalive: 25, endpoint: '192.0.2.1:1' }],
  };
  const [known] = before.peers as [WireguardDevice['peers'][number]];

  test('is everything at first', () => {
    expect(changesBetween(undefined, before)).toEqual([
      `private_key=${hex('01')}`,
      'listen_port=1',
      `public_key=${hex('02')}`,
      'endpoint=192.0.2.1:1',
      'replace_allowed_ips=true',
      'allowed_ip=10.0.0.0/8',
      'persistent_keepalive_interval=25',
    ]);
  });

  test('is nothing when nothing changed', () => {
    expect(changesBetween(before, { ...before, peers: [{ ...known }] })).toEqual([]);
  });

  test('leaves an endpoint alone that has roamed', () => {
    const changed = { ...before, peers: [{ ...known, keepalive: 10 }] };
    expect(changesBetween(before, changed)).toEqual([
      `public_key=${hex('02')}`,
      'persistent_keepalive_interval=10',
    ]);
  });

  test('takes away peers and pre-shared keys', () => {
    expect(changesBetween(before, { ...before, peers: [] })).toEqual([
      `public_key=${hex('02')}`,
      'remove=true',
    ]);
    const withKey = { ...before, peers: [{ ...known, presharedKey: KEY }] };
    expect(changesBetween(withKey, before)).toEqual([
      `public_key=${hex('02')}`,
      `preshared_key=${hex('00')}`,
    ]);
  });
});
