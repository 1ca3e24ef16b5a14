import { makeRouter, paste, refusalOf, STRICT, VERSIONS } from './routers.ts';

const apiRow = (router: ReturnType<typeof makeRouter>) =>
  router.rows('/ip/service').find((row) => row.name === 'api' && row.dynamic !== 'true');

test('services are eight, and nobody adds one', () => {
  const router = makeRouter();
  expect(router.rows('/ip/service').map((row) => row.name)).toEqual([
    'telnet',
    'ftp',
    'www',
    'ssh',
    'www-ssl',
    'api',
    'winbox',
    'api-ssl',
  ]);
  expect(paste(router, '/ip/service/add name=x')).toBe('bad command name add (line 1 column 13)\n');
});

describe.each(STRICT)('allowed clients on RouterOS %s', (version) => {
  test('are in address, with their length; available-from is unknown', () => {
    const router = makeRouter(version);
    expect(paste(router, '/ip/service/set api address=10.100.0.1,192.168.88.5/24')).toBe('');
    expect(apiRow(router)).toMatchObject({ address: '10.100.0.1/32,192.168.88.0/24' });
    expect(paste(router, ':put [/ip/service/get api address]')).toBe('10.100.0.1/32;192.168.88.0/24\n');
    expect(paste(router, '/ip/service/set api available-from=10.0.0.1')).toMatch(/^expected end of command/);
    expect(paste(router, ':put [/ip/service/get api available-from]')).toMatch(/^input does not match/);
  });
});

// ansible#475, nasnet-panel#793.
test('7.24 reads them as available-from and takes both names', () => {
  const router = makeRouter('7.24');
  expect(paste(router, '/ip/service/set api address=10.100.0.1')).toBe('');
  expect(apiRow(router)).toMatchObject({ 'available-from': '10.100.0.1/32' });
  expect(apiRow(router)).not.toHaveProperty('address');
  expect(paste(router, '/ip/service/set api available-from=""')).toBe('');
  expect(apiRow(router)).toMatchObject({ 'available-from': '' });
});

describe('open connections', () => {
  const connected = (version: string) => {
    const router = makeRouter(version);
    router.observeConnections([{ service: 'api', local: '10.100.1.1:8728', remote: '10.100.0.1:40001' }]);
    return router;
  };
  const byFind = '/ip/service/set [find name=api] disabled=no port=8729';
  const byName = '/ip/service/set api disabled=no port=8729';

  test.each(VERSIONS)('are rows of their own from 7.19 on: %s', (version) => {
    const is719 = ['7.20.8', '7.22.3', '7.24'].includes(version);
    const router = connected(version);
    expect(router.rows('/ip/service').filter((row) => row.name === 'api')).toHaveLength(is719 ? 2 : 1);
    // terraform-provider-routeros#769, ansible#372
    expect(paste(router, byFind)).toBe(is719 ? 'failure: this is configured elsewhere\n' : '');
    expect(paste(router, byName)).toBe('');
    expect(apiRow(router)?.port).toBe('8729');
  });

  // terraform-provider-routeros#769: 7.19.0 even by name, 7.19.1 mends that.
  test('7.19 refuses even the name, 7.19.1 no more', () => {
    expect(paste(connected('7.19'), byName)).toBe('failure: this is configured elsewhere\n');
    expect(paste(connected('7.19.1'), byName)).toBe('');
  });

  test('the API takes the row that is not dynamic', () => {
    const router = connected('7.20.8');
    const rows = router.execute({
      menu: '/ip/service',
      command: 'print',
      queries: ['name=api'],
      user: 'admin',
    }).rows;
    expect(rows.map((row) => row.dynamic)).toEqual(['false', 'true']);
    const set = (id: string | undefined) => () =>
      router.execute({
        menu: '/ip/service',
        command: 'set',
        attributes: { '.id': id ?? '', disabled: 'no' },
        user: 'admin',
      });
    set(rows[0]?.['.id'])();
    expect(refusalOf(set(rows[1]?.['.id']))).toBe('failure: this is configured elsewhere');
  });
});

test('before 7.19 no service says dynamic, so that dynamic=no finds none', () => {
  const count = ':put [:len [/ip/service/find where name="api" and dynamic=no]]';
  expect(paste(makeRouter('7.18.2'), count)).toBe('0\n');
  expect(paste(makeRouter('7.20.8'), count)).toBe('1\n');
});

test('max-sessions comes with 7.16', () => {
  const set = '/ip/service/set api max-sessions=3';
  expect(paste(makeRouter('7.12.2'), set)).toMatch(/^expected end of command/);
  expect(paste(makeRouter('7.16.2'), set)).toBe('');
  expect(paste(makeRouter('7.16.2'), '/ip/service/set api max-sessions=2000')).toBe(
    'value of max-sessions out of range (1..1000)\n',
  );
});
