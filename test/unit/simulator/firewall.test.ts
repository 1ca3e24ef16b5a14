import { makeRouter, paste, VERSIONS } from './routers.ts';

const FIRST_DROP =
  ':local d [/ip/firewall/filter/find where chain="input" and dynamic=no and (action="drop" or action="reject")]';

describe.each(VERSIONS)('the default firewall of RouterOS %s', (version) => {
  test('drops what does not come from the LAN, after five other rules', () => {
    const input = makeRouter(version)
      .rows('/ip/firewall/filter')
      .filter((row) => row.chain === 'input');
    expect(input.map((row) => row.action)).toEqual(['accept', 'drop', 'accept', 'accept', 'drop']);
    expect(input.at(-1)).toMatchObject({
      'in-interface-list': '!LAN',
      comment: 'defconf: drop all not coming from LAN',
    });
    expect(
      makeRouter(version)
        .rows('/ipv6/firewall/filter')
        .some((row) => row['in-interface-list'] === '!LAN'),
    ).toBe(true);
  });

  // Comments in two public generators, seen on 7.24.2.
  test('begins with a row that nobody may touch', () => {
    const router = makeRouter(version);
    expect(router.rows('/ip/firewall/filter')[0]).toMatchObject({ dynamic: 'true', action: 'passthrough' });
    paste(router, '/ip/firewall/filter/add chain=input action=accept comment=mine');
    const see = (command: string) => paste(router, `/ip/firewall/filter/${command}`);
    expect(see('move [find comment=mine] destination=0')).toBe('failure: cannot move builtin\n');
    expect(see('add chain=input place-before=0')).toBe('failure: cannot move builtin\n');
    expect(see('disable [find]')).toBe('failure: cannot change builtin\n');
    expect(see('remove [find dynamic=yes]')).toBe('failure: cannot remove builtin\n');
    expect(see('move [find dynamic=yes] destination=[find comment=mine]')).toBe(
      'failure: cannot move builtin\n',
    );
  });

  test('the block stops there, and what was done before stays', () => {
    const router = makeRouter(version);
    const seen = paste(
      router,
      '{\n/ip/firewall/filter/add chain=input comment=mine\n/ip/firewall/filter/move [find comment=mine] destination=0\n:put end\n}',
    );
    expect(seen).toBe('failure: cannot move builtin\n');
    expect(router.rows('/ip/firewall/filter').at(-1)?.comment).toBe('mine');
  });

  test('a rule goes before the first static drop', () => {
    const router = makeRouter(version);
    paste(router, `{ ${FIRST_DROP}; /ip/firewall/filter/add chain=input comment=mine place-before=($d->0) }`);
    const comments = router.rows('/ip/firewall/filter').map((row) => row.comment);
    expect(comments.indexOf('mine')).toBe(comments.indexOf('defconf: drop invalid') - 1);
  });
});

test('a move puts rows before another, or at the end', () => {
  const router = makeRouter('7.16.2', { defaultFirewall: false });
  for (const comment of ['a', 'b', 'c'])
    paste(router, `/ip/firewall/filter/add chain=input comment=${comment}`);
  const order = () =>
    router
      .rows('/ip/firewall/filter')
      .map((row) => row.comment)
      .join('');
  paste(router, '/ip/firewall/filter/move [find comment=c] destination=[find comment=a]');
  expect(order()).toBe('cab');
  paste(router, '/ip/firewall/filter/move [find comment=c]');
  expect(order()).toBe('abc');
  paste(router, '/ip/firewall/filter/move [find comment=b] destination=[find comment=b]');
  expect(order()).toBe('abc');
});

test('place-before=0 fails on an empty table', () => {
  // amneziawg-mikrotik-c#64
  const router = makeRouter('7.16.2', { defaultFirewall: false });
  expect(paste(router, '/ip/firewall/filter/add chain=input place-before=0')).toBe('no such item\n');
});

test('the fasttrack row comes and goes with fasttrack', () => {
  const router = makeRouter();
  const dynamic = () => router.rows('/ip/firewall/filter').filter((row) => row.dynamic === 'true').length;
  paste(router, '/ip/firewall/filter/disable [find action=fasttrack-connection]');
  expect(dynamic()).toBe(0);
  paste(router, '/ip/firewall/filter/enable [find action=fasttrack-connection]');
  expect(dynamic()).toBe(1);
});

describe('values of a rule', () => {
  const read = (argument: string, property: string) => {
    const router = makeRouter('7.16.2', { defaultFirewall: false });
    const seen = paste(router, `/ip/firewall/filter/add chain=input ${argument}`);
    return seen === '' ? router.rows('/ip/firewall/filter')[0]?.[property] : seen.trim();
  };
  test.each([
    ['src-address=10.0.0.1/32', 'src-address', '10.0.0.1'],
    ['src-address=10.1.2.3/8', 'src-address', '10.0.0.0/8'],
    ['src-address=10.0.0.1-10.0.0.9', 'src-address', '10.0.0.1-10.0.0.9'],
    ['src-address=!10.0.0.1', 'src-address', '!10.0.0.1'],
    ['src-address=10.0.0.256', 'src-address', 'invalid value for argument src-address'],
    ['protocol=tcp dst-port=22,80-90', 'dst-port', '22,80-90'],
    ['dst-port=22', '', 'failure: ports can be specified if proto is tcp,udp,udp-lite,dccp,sctp'],
    ['protocol=tcp dst-port=http', '', 'value of dst-port expects range of integer numbers'],
    ['in-interface=ether9', '', 'input does not match any value of in-interface'],
    ['in-interface-list=all', 'in-interface-list', 'all'],
    ['in-interface-list=NONE', '', 'input does not match any value of in-interface-list'],
    ['action=allow', '', 'input does not match any value of action'],
    ['connection-state=new,established', 'connection-state', 'established,new'],
    ['comment=""', 'comment', undefined],
  ])('%s', (argument, property, expected) => {
    expect(read(argument, property)).toBe(expected);
  });
});
