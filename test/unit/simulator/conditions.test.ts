import { makeRouter, paste, VERSIONS } from './routers.ts';

const counting = (where: string): string => `:put [:len [/ip/address/find where ${where}]]`;

describe.each(VERSIONS)('find where on RouterOS %s', (version) => {
  const router = makeRouter(version);
  paste(router, '/ip/address/add address=10.1.1.1/16 interface=ether2 comment="mine"');

  // Manual, "Tips and Tricks"; tik4net findings §10.4.
  test('an unquoted prefix equals no text', () => {
    expect(paste(router, counting('address=10.1.1.1/16'))).toBe('0\n');
    expect(paste(router, counting('address="10.1.1.1/16"'))).toBe('1\n');
    expect(paste(router, `:local p 10.1.1.1/16; ${counting('address=[:tostr $p]')}`)).toBe('1\n');
  });

  // Manual, "Reserved variable names".
  test('a variable named like a property is that property', () => {
    expect(paste(router, `:local comment "nobody"; ${counting('comment=$comment')}`)).toBe('2\n');
    expect(paste(router, `:local wanted "nobody"; ${counting('comment=$wanted')}`)).toBe('0\n');
  });

  // tik4net findings §13.2.
  test('a field alone asks whether it is set, an empty text matches nothing', () => {
    expect(paste(router, counting('comment'))).toBe('2\n');
    expect(paste(router, counting('comment=""'))).toBe('0\n');
    expect(paste(router, counting('!comment'))).toBe('0\n');
  });

  test('operators, brackets and truth', () => {
    expect(paste(router, counting('interface=ether2 and dynamic=no'))).toBe('1\n');
    expect(paste(router, counting('(interface="ether2" or interface="bridge") and !dynamic'))).toBe('2\n');
    expect(paste(router, counting('comment~"^mi" and disabled=no'))).toBe('1\n');
    expect(paste(router, counting('actual-interface="ether2"'))).toBe('1\n');
    expect(paste(router, counting('disabled="no"'))).toBe('0\n');
    expect(paste(router, counting('nothing-such="x"'))).toBe('0\n');
  });

  test('rows are given by .id and by find, never by number', () => {
    expect(paste(router, '/ip/address/set 0 comment=x')).toBe('no such item\n');
    expect(paste(router, ':put [/ip/address/get 0 address]')).toBe('no such item\n');
    expect(paste(router, ':put [/ip/address/get [find comment="mine"] address]')).toBe('10.1.1.1/16\n');
    expect(paste(router, ':put [/ip/address/get [find comment="gone"] address]')).toBe('no such item\n');
    expect(paste(router, ':put [/ip/address/get [find] address]')).toBe('invalid internal item number\n');
    expect(paste(router, ':put [/ip/address/get [find comment="mine"] no-such]')).toBe(
      'input does not match any value of value-name\n',
    );
  });

  test('nothing happens to an empty find', () => {
    const before = router.snapshot();
    expect(paste(router, '/ip/address/set [find comment="gone"] disabled=yes')).toBe('');
    expect(paste(router, '/ip/address/remove [find comment="gone"]')).toBe('');
    expect(router.snapshot()).toEqual(before);
  });

  test('as-value shows nothing by itself', () => {
    expect(paste(router, '/ip/address/print as-value')).toBe('');
    expect(paste(router, ':put ([/ip/address/print as-value where comment="mine"]->0->"interface")')).toBe(
      'ether2\n',
    );
    expect(paste(router, '/ip/address/print count-only')).toBe('2\n');
  });
});

test('values come out with their types', () => {
  const router = makeRouter();
  const typeOf = (command: string) => paste(router, `:put [:typeof [${command}]]`).trim();
  paste(router, '/interface/wireguard/add name=wg listen-port=5');
  expect(typeOf('/interface/wireguard/get wg listen-port')).toBe('num');
  expect(typeOf('/interface/wireguard/get wg disabled')).toBe('bool');
  expect(typeOf('/interface/wireguard/get wg comment')).toBe('nil');
  expect(typeOf('/user/group/get full policy')).toBe('array');
  expect(typeOf('/system/identity/get')).toBe('array');
  expect(typeOf('/interface/wireguard/find')).toBe('array');
  expect(typeOf('/interface/wireguard/add name=wg2')).toBe('id');
});

test('missing arguments, wrong values and taken names are told as a router tells them', () => {
  const see = (text: string) => paste(makeRouter(), text).trim();
  expect(see('/ip/address/add address=1.1.1.1/24')).toBe('missing value(s) of argument(s) interface');
  expect(see('/ip/address/add address=1.1.1.1/24 interface=ether9')).toBe(
    'input does not match any value of interface',
  );
  expect(see('/ip/address/add address=300.1.1.1/24 interface=ether3')).toBe(
    'invalid value for argument address',
  );
  expect(see('/ip/address/add address=192.168.88.1/24 interface=bridge')).toBe(
    'failure: already have such address',
  );
  expect(see('/interface/ethernet/set ether1 mtu=1x')).toBe(
    'value of mtu contains invalid trailing characters',
  );
  expect(see('/interface/ethernet/set ether1 mtu=99999')).toBe('value of mtu out of range (68..65535)');
  expect(see('/interface/bridge/add name=ether1')).toBe('failure: already have interface with such name');
  expect(see('/ip/dhcp-client/set [find] use-peer-ntp=maybe')).toBe(
    'input does not match any value of use-peer-ntp',
  );
  expect(see('/system/scheduler/add name=a interval=soon')).toBe('invalid time value for argument interval');
});

test('a renamed interface keeps its name wherever it is used, a removed one leaves its number', () => {
  const router = makeRouter();
  paste(router, '/interface/wireguard/add name=wg\n/ip/address/add address=10.9.0.1/24 interface=wg');
  paste(router, '/interface/wireguard/set wg name=tunnel');
  expect(router.rows('/ip/address').find((row) => row.address === '10.9.0.1/24')?.interface).toBe('tunnel');
  paste(router, '/interface/wireguard/remove tunnel');
  const row = router.rows('/ip/address').find(({ address }) => address === '10.9.0.1/24');
  expect(row).toMatchObject({ interface: expect.stringMatching(/^\*/), invalid: 'true' });
});
