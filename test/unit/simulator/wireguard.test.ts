import nacl from 'tweetnacl';
import { makeRouter, OTHER_KEY, PRIVATE_KEY, PUBLIC_KEY, paste, VERSIONS } from './routers.ts';

const PEER = `interface=wg public-key="${PUBLIC_KEY}" allowed-address=10.100.0.0/16`;
const withInterface = (version?: string) => {
  const router = makeRouter(version);
  paste(router, `/interface/wireguard/add name=wg listen-port=13231 private-key="${PRIVATE_KEY}"`);
  return router;
};

describe.each(VERSIONS)('WireGuard on RouterOS %s', (version) => {
  const atLeast = (other: string) => version.localeCompare(other, 'en', { numeric: true }) >= 0;

  test('derives the public key and makes a private one', () => {
    const router = withInterface(version);
    const expected = Buffer.from(nacl.scalarMult.base(Buffer.from(PRIVATE_KEY, 'base64'))).toString('base64');
    expect(router.rows('/interface/wireguard')[0]).toMatchObject({ 'public-key': expected, mtu: '1420' });
    paste(router, '/interface/wireguard/add');
    const made = router.rows('/interface/wireguard')[1];
    expect(made).toMatchObject({ name: 'wireguard1', 'private-key': expect.stringMatching(/^.{43}=$/) });
    expect(Number(made?.['listen-port'])).toBeGreaterThan(1024);
  });

  test('reads times normalised and has no endpoint=', () => {
    const router = withInterface(version);
    const add = `/interface/wireguard/peers/add ${PEER}`;
    // mikrotik-auto-wireguard#2: gone since 7.1beta3.
    expect(paste(router, `${add} endpoint="a.example:1"`)).toMatch(
      /^(expected end of command|bad parameter endpoint) /,
    );
    expect(
      paste(router, `${add} endpoint-address=vpn.example endpoint-port=51820 persistent-keepalive=00:00:25`),
    ).toBe('');
    expect(router.rows('/interface/wireguard/peers')[0]).toMatchObject({
      'persistent-keepalive': '25s',
      'endpoint-address': 'vpn.example',
      'allowed-address': '10.100.0.0/16',
    });
  });

  // ansible _api_data.py, terraform drift.yaml and the versions' own lists.
  test.each([
    ['name=a', atLeast('7.15')],
    ['is-responder=yes', atLeast('7.15') && !atLeast('7.17')],
    ['responder=yes', atLeast('7.17')],
    [`private-key="${PRIVATE_KEY}"`, atLeast('7.12')],
    ['client-address=10.0.0.1/32', atLeast('7.12')],
    ['client-allowed-address=10.0.0.1/32', atLeast('7.21')],
  ])('knows a peer’s %s: in time', (argument, known) => {
    const seen = paste(withInterface(version), `/interface/wireguard/peers/add ${PEER} ${argument}`);
    if (known) expect(seen).toBe('');
    else expect(seen).toMatch(/^(expected end of command|bad parameter)/);
  });

  test('knows vrf from 7.21 on', () => {
    const seen = paste(makeRouter(version), '/interface/wireguard/add name=w vrf=main');
    expect(seen === '').toBe(atLeast('7.21'));
  });
});

describe('peers', () => {
  const add = (text: string) => `/interface/wireguard/peers/add ${text}`;
  test.each([
    [`public-key="${PUBLIC_KEY}" allowed-address=10.0.0.0/8`, 'missing value(s) of argument(s) interface'],
    [`interface=wg public-key="${PUBLIC_KEY}"`, 'missing value(s) of argument(s) allowed-address'],
    ['interface=wg allowed-address=10.0.0.0/8', 'missing value(s) of argument(s) public-key'],
    [
      `interface=ether1 public-key="${PUBLIC_KEY}" allowed-address=10.0.0.0/8`,
      'input does not match any value of interface',
    ],
    ['interface=wg public-key="short" allowed-address=10.0.0.0/8', 'failure: invalid public key'],
    [
      `interface=wg public-key="${PUBLIC_KEY}" allowed-address=all`,
      'invalid value for argument allowed-address',
    ],
    [`interface=wg public-key=${PUBLIC_KEY} allowed-address=10.0.0.0/8`, /^expected end of command/],
    [`${PEER} endpoint-address="a b"`, 'invalid value for argument endpoint-address'],
    [`${PEER} endpoint-address=10.0.0.1/32`, 'invalid value for argument endpoint-address'],
    [`${PEER} endpoint-port=70000`, 'value of endpoint-port out of range (0..65535)'],
  ])('%s is refused', (text, refusal) => {
    const seen = paste(withInterface(), add(text)).trim();
    if (typeof refusal === 'string') expect(seen).toBe(refusal);
    else expect(seen).toMatch(refusal);
  });

  // Forum, in nasnet-panel#768: not even on another interface.
  test('share no public key on one device', () => {
    const router = withInterface();
    paste(router, add(PEER));
    paste(router, '/interface/wireguard/add name=wg2');
    const again = `interface=wg2 public-key="${PUBLIC_KEY}" allowed-address=10.0.0.0/8`;
    expect(paste(router, add(again))).toBe('failure: entry already exists\n');
    expect(paste(router, `/interface/wireguard/peers/set [find] public-key="${PUBLIC_KEY}"`)).toBe('');
  });

  test('share no allowed address on one interface', () => {
    const router = withInterface();
    paste(router, add(PEER));
    const other = (where: string) =>
      add(`interface=${where} public-key="${OTHER_KEY}" allowed-address=10.100.7.0/24`);
    expect(paste(router, other('wg'))).toMatch(/^failure: /);
    paste(router, '/interface/wireguard/add name=wg2');
    expect(paste(router, other('wg2'))).toBe('');
  });

  test('show what was observed', () => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const router = withInterface();
    paste(router, add(PEER));
    const [peer] = router.rows('/interface/wireguard/peers');
    expect(peer).not.toHaveProperty('last-handshake');
    router.observePeer(peer?.['.id'] ?? '', {
      lastHandshake: now - 90_000,
      rx: 10,
      tx: 20,
      currentEndpointAddress: '203.0.113.1',
      currentEndpointPort: 51820,
    });
    expect(router.rows('/interface/wireguard/peers')[0]).toMatchObject({
      'last-handshake': '1m30s',
      rx: '10',
      'current-endpoint-port': '51820',
    });
    expect(paste(router, ':put [/interface/wireguard/peers/get [find] last-handshake]')).toBe('00:01:30\n');
    router.restarted();
    expect(router.rows('/interface/wireguard/peers')[0]).not.toHaveProperty('last-handshake');
  });
});

test('no route comes from allowed addresses, one from the address', () => {
  const router = withInterface();
  const routes = () =>
    router.rows('/ip/route').map((row) => `${row['dst-address']} ${row.gateway} ${row.dynamic}`);
  paste(router, `/interface/wireguard/peers/add ${PEER}`);
  expect(routes()).toEqual(['192.168.88.0/24 bridge true']);
  paste(router, '/ip/address/add address=10.100.1.1/16 interface=wg');
  expect(routes()).toEqual(['192.168.88.0/24 bridge true', '10.100.0.0/16 wg true']);
  paste(router, '/ip/address/remove [find interface=wg]');
  expect(routes()).toEqual(['192.168.88.0/24 bridge true']);
});
