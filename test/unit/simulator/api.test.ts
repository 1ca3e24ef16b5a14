import * as fc from 'fast-check';
import type { Change, Request } from '../../simulator/engine/index.ts';
import { makeRouter, OTHER_KEY, paste, refusalOf, VERSIONS } from './routers.ts';

type Asked = Omit<Request, 'user'>;
const ask = (router: ReturnType<typeof makeRouter>, request: Asked, user = 'admin') =>
  router.execute({ ...request, user });

describe('rows', () => {
  test('are texts with .id, true and false; add answers with the new .id', () => {
    const router = makeRouter();
    const { ret } = ask(router, {
      menu: '/ip/address',
      command: 'add',
      attributes: { address: '10.0.0.1/24', interface: 'ether2', disabled: 'yes' },
    });
    expect(ret).toMatch(/^\*[0-9A-F]+$/);
    const { rows } = ask(router, { menu: '/ip/address', command: 'print', queries: [`.id=${ret}`] });
    expect(rows).toEqual([
      {
        '.id': ret,
        address: '10.0.0.1/24',
        network: '10.0.0.0',
        interface: 'ether2',
        'actual-interface': 'ether2',
        disabled: 'true',
        dynamic: 'false',
        invalid: 'false',
      },
    ]);
  });

  test('are cut down by proplist, asked for in either way', () => {
    const router = makeRouter();
    const wanted = [{ name: 'ether1' }];
    const base = { menu: '/interface', command: 'print', queries: ['name=ether1'] };
    expect(ask(router, { ...base, proplist: ['name'] }).rows).toEqual(wanted);
    expect(ask(router, { ...base, attributes: { '.proplist': 'name' } }).rows).toEqual(wanted);
    expect(ask(router, { ...base, attributes: { 'count-only': '' } })).toEqual({ rows: [], ret: '1' });
  });

  test('of a single menu have no .id and take set without one', () => {
    const router = makeRouter();
    ask(router, { menu: '/system/identity', command: 'set', attributes: { name: 'Zürich' } });
    expect(ask(router, { menu: '/system/identity', command: 'print' }).rows).toEqual([{ name: 'Zürich' }]);
    expect(ask(router, { menu: '/system/identity', command: 'getall' }).rows).toHaveLength(1);
  });
});

// Manual, "API", section "Queries".
describe('queries', () => {
  const names = (...queries: string[]) =>
    ask(makeRouter(), { menu: '/ip/service', command: 'print', queries }).rows.map((row) => row.name);
  test.each([
    [['name=api'], ['api']],
    [['=name=api'], ['api']],
    [['port>8000', 'name'], []],
    [['>port=8000'], ['api', 'winbox', 'api-ssl']],
    [['<port=22'], ['ftp']],
    [
      ['name=api', 'name=ftp', '#|'],
      ['ftp', 'api'],
    ],
    [
      ['>port=8000', 'name=api', '#!&'],
      ['winbox', 'api-ssl'],
    ],
    [['disabled=true'], ['www-ssl']],
    [['disabled=yes'], []],
    [['-comment', 'name=ssh'], ['ssh']],
    [['name=api', 'name=ftp', '#1|.'], []],
  ])('%j finds %j', (queries, found) => {
    expect(names(...queries)).toEqual(found);
  });
  test('of any words end in rows or a trap', () => {
    const word = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('#!', '#&', '#|', '#0', '#9.', 'name', '-x'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (queries) => {
        try {
          expect(Array.isArray(names(...queries))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RouterOsTrap' });
        }
      }),
    );
  });
});

describe('traps', () => {
  test.each<[Asked, string]>([
    [{ menu: '/no/such', command: 'print' }, 'no such command prefix'],
    [{ menu: '/ip/service', command: 'add' }, 'no such command'],
    [{ menu: '/ip/address', command: 'add', attributes: { foo: '1' } }, 'unknown parameter foo'],
    [{ menu: '/ip/address', command: 'add', attributes: { address: '10.0.0.1/8' } }, 'missing =interface='],
    [{ menu: '/ip/address', command: 'remove' }, 'missing =.id='],
    [{ menu: '/ip/address', command: 'remove', attributes: { '.id': '*FF' } }, 'no such item'],
    [
      { menu: '/ip/service', command: 'set', attributes: { '.id': 'api', 'available-from': '' } },
      'unknown parameter available-from',
    ],
    [
      { menu: '/interface/wireguard', command: 'add', attributes: { name: 'w', 'private-key': 'no' } },
      'failure: invalid private key',
    ],
  ])('%j: %s', (request, message) => {
    expect(refusalOf(() => ask(makeRouter(), request))).toBe(message);
  });
  test('nobody is allowed anything who is no user', () => {
    const asked = () => ask(makeRouter(), { menu: '/interface', command: 'print' }, 'gone');
    expect(refusalOf(asked)).toBe('not enough permissions (9)');
  });
});

test('properties are unset by !name, by unset, by nothing', () => {
  const router = makeRouter();
  const { ret = '' } = ask(router, {
    menu: '/ip/firewall/filter',
    command: 'add',
    attributes: { chain: 'input', 'src-address': '10.0.0.1', comment: 'x', protocol: 'tcp' },
  });
  const row = () =>
    ask(router, { menu: '/ip/firewall/filter', command: 'print', queries: [`.id=${ret}`] }).rows[0];
  ask(router, {
    menu: '/ip/firewall/filter',
    command: 'set',
    attributes: { '.id': ret, '!src-address': '' },
  });
  expect(row()).not.toHaveProperty('src-address');
  ask(router, {
    menu: '/ip/firewall/filter',
    command: 'unset',
    attributes: { '.id': ret, 'value-name': 'protocol' },
  });
  expect(row()).not.toHaveProperty('protocol');
  ask(router, { menu: '/ip/firewall/filter', command: 'set', attributes: { numbers: ret, comment: '' } });
  expect(row()).not.toHaveProperty('comment');
});

test('rows are placed and moved by .id', () => {
  const router = makeRouter();
  const rows = () => ask(router, { menu: '/ip/firewall/filter', command: 'print' }).rows;
  const drop = rows().find((row) => row.action === 'drop')?.['.id'] ?? '';
  const { ret = '' } = ask(router, {
    menu: '/ip/firewall/filter',
    command: 'add',
    attributes: { chain: 'input', 'place-before': drop },
  });
  expect(rows().findIndex((row) => row['.id'] === ret)).toBe(
    rows().findIndex((row) => row['.id'] === drop) - 1,
  );
  const last = rows().at(-1)?.['.id'] ?? '';
  ask(router, {
    menu: '/ip/firewall/filter',
    command: 'move',
    attributes: { numbers: last, destination: ret },
  });
  expect(rows().findIndex((row) => row['.id'] === last)).toBe(
    rows().findIndex((row) => row['.id'] === ret) - 1,
  );
});

test('listeners hear of each change once, and of a restart', () => {
  const router = makeRouter();
  const heard: Change[] = [];
  const stop = router.onChange((change) => heard.push(change));
  ask(router, { menu: '/interface/wireguard', command: 'add', attributes: { name: 'w' } });
  ask(router, {
    menu: '/interface/wireguard',
    command: 'set',
    attributes: { '.id': 'w', 'private-key': OTHER_KEY },
  });
  ask(router, {
    menu: '/interface/wireguard',
    command: 'set',
    attributes: { '.id': 'w', 'private-key': OTHER_KEY },
  });
  ask(router, { menu: '/interface/wireguard', command: 'remove', attributes: { '.id': 'w' } });
  ask(router, { menu: '/system', command: 'reboot' });
  expect(heard.map(({ kind, menu }) => `${kind} ${menu}`)).toEqual([
    'add /interface',
    'set /interface',
    'remove /interface',
    'reboot /system',
  ]);
  stop();
  ask(router, { menu: '/system', command: 'shutdown' });
  expect(heard).toHaveLength(4);
});

describe.each(VERSIONS)('a router of version %s', (version) => {
  test('says what it is', () => {
    const router = makeRouter(version);
    const [resource] = router.rows('/system/resource');
    expect(resource).toMatchObject({ version: `${version} (stable)`, 'board-name': 'hAP ax2', uptime: '0s' });
    expect(router.rows('/system/routerboard')[0]).toMatchObject({
      'serial-number': 'HD508',
      model: 'hAP ax2',
    });
    const [clock] = router.rows('/system/clock');
    // openhab-addons#15362: the date's form changed with 7.10.
    expect(clock).toMatchObject({
      time: '03:04:05',
      date: version === '7.9.2' ? 'jan/02/2026' : '2026-01-02',
    });
  });

  // home-assistant/core#76782
  test.each(['CHR QEMU Standard PC', 'x86 YL-1900L4'])('has no routerboard on %s', (board) => {
    const router = makeRouter(version, { board, defaultFirewall: false });
    expect(refusalOf(() => ask(router, { menu: '/system/routerboard', command: 'print' }))).toBe(
      'no such command prefix',
    );
    expect(paste(router, ':do { [[:parse "/system/routerboard/print"]] } on-error={ :put caught }')).toBe(
      'caught\n',
    );
    expect(router.rows('/interface').map((row) => row.name)).toEqual(['ether1']);
  });

  test('gets its address by DHCP and loses it', () => {
    const router = makeRouter(version);
    const before = router.snapshot();
    router.observeLease('ether1', { address: '192.0.2.10/24', gateway: '192.0.2.1' });
    const dynamic = (menu: string) => router.rows(menu).filter((row) => row.dynamic === 'true');
    expect(dynamic('/ip/address')).toMatchObject([{ address: '192.0.2.10/24', interface: 'ether1' }]);
    expect(dynamic('/ip/route').map((row) => row['dst-address'])).toContain('0.0.0.0/0');
    expect(router.snapshot()).toEqual(before);
    router.observeLease('ether1', undefined);
    expect(dynamic('/ip/address')).toEqual([]);
  });

  test('keeps its configuration over a restart, and no run-time fact', () => {
    const router = makeRouter(version);
    paste(router, '/log/info message="hello"\n/system/identity/set name=kept');
    router.observeLease('ether1', { address: '192.0.2.10/24', gateway: '192.0.2.1' });
    expect(router.rows('/log').at(-1)).toMatchObject({ message: 'hello', topics: 'script,info' });
    const before = router.snapshot();
    router.restarted();
    expect(router.snapshot()).toEqual(before);
    expect(router.rows('/log')).toEqual([]);
    expect(router.rows('/ip/dhcp-client')[0]?.status).toBe('searching...');
  });
});
