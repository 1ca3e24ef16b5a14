import { readMark } from '../../../../src/routeros/profile/desired.ts';
import { SimulatedRouter, SUBJECT, task, VERSIONS } from './simulated.ts';

const GOOD = { path: '/ip/pool', match: { name: 'good' }, set: { ranges: '10.1.1.2-10.1.1.9' } };
type Resource = {
  path: string;
  match?: Record<string, string>;
  set?: Record<string, string>;
  state?: 'Absent';
};

/** What is wrong, and what is said of it; the good row beside it is made all the same. */
const CASES: readonly [string, Resource, string, RegExp][] = [
  ['an unknown menu', { path: '/ip/nothing', set: { a: 'b' } }, 'UnknownMenu', /has no menu \/ip\/nothing/],
  [
    'an unknown property',
    { path: '/ip/pool', match: { name: 'x' }, set: { nonsense: '1' } },
    'UnknownArgument',
    /no property nonsense in \/ip\/pool/,
  ],
  [
    'a missing label',
    { path: '/ip/pool', match: { name: '{{ router.labels.none }}' }, set: { ranges: '1.1.1.1' } },
    'TemplateFailed',
    /router\.labels\.none is missing/,
  ],
  [
    'a word that templates do not know',
    { path: '/ip/dns', set: { servers: '{{ secrets.all }}' } },
    'TemplateFailed',
    /secrets\.all is nothing that templates know/,
  ],
  [
    'a template without an end',
    { path: '/ip/dns', set: { servers: '{{ router.name' } },
    'TemplateFailed',
    /does not end with/,
  ],
  [
    'values in a circle',
    { path: '/ip/dns', set: { servers: '{{ values.a }}' } },
    'TemplateFailed',
    /circle: a → b → a/,
  ],
  [
    'a missing value',
    { path: '/ip/dns', set: { servers: '{{ values.gone }}' } },
    'TemplateFailed',
    /values\.gone is missing/,
  ],
  [
    'a Secret that is not there',
    { path: '/ip/dns', set: { servers: '{{ values.secret }}' } },
    'TemplateFailed',
    /its Secret vault or the key k is not there/,
  ],
  [
    'our user',
    { path: '/user', match: { name: 'tenant-tunnel' }, set: { group: 'read' } },
    'Reserved',
    /connects the router/,
  ],
  [
    'our group',
    { path: '/user/group', match: { name: 'tenant-tunnel' }, set: { policy: 'read' } },
    'Reserved',
    /connects/,
  ],
  [
    'our interface',
    { path: '/interface/wireguard', match: { name: 'tenant-tunnel' }, set: { mtu: '1280' } },
    'Reserved',
    /connects/,
  ],
  [
    'a peer of it',
    { path: '/interface/wireguard/peers', match: { interface: 'tenant-tunnel' }, set: { disabled: 'yes' } },
    'Reserved',
    /connects/,
  ],
  [
    'our address',
    { path: '/ip/address', match: { address: '10.100.1.1/16' }, set: { interface: 'ether1' } },
    'Reserved',
    /connects/,
  ],
  [
    'our rule',
    {
      path: '/ip/firewall/filter',
      match: { comment: 'tenant-tunnel: API from the server' },
      state: 'Absent',
    },
    'Reserved',
    /connects/,
  ],
  [
    'our inventory',
    { path: '/system/script', match: { name: 'tenant-tunnel-profiles' }, set: { source: '' } },
    'Reserved',
    /connects/,
  ],
  [
    'our netwatch',
    { path: '/tool/netwatch', match: { name: 'tenant-tunnel-undo' }, set: { disabled: 'yes' } },
    'Reserved',
    /connects/,
  ],
  [
    'a mark like ours',
    {
      path: '/ip/pool',
      match: { name: 'x' },
      set: { ranges: '1.1.1.1', comment: 'tenant-tunnel profile a/b/0123456789' },
    },
    'Reserved',
    /comments that begin/,
  ],
  ['the identity', { path: '/system/identity', set: { name: 'x' } }, 'Reserved', /spec\.identity/],
  [
    'a command',
    { path: '/system/reset-configuration', set: { 'no-defaults': 'yes' } },
    'Reserved',
    /nothing that a profile configures/,
  ],
  ['rows without match', { path: '/ip/pool', set: { ranges: '1.1.1.1' } }, 'Invalid', /write in match/],
  [
    'match without rows',
    { path: '/ip/dns', match: { servers: '1.1.1.1' }, set: { 'cache-size': '4096' } },
    'Invalid',
    /leave match out/,
  ],
  [
    'a service that is not there',
    { path: '/ip/service', match: { name: 'gopher' }, set: { disabled: 'yes' } },
    'Invalid',
    /takes no new ones/,
  ],
  [
    'what the router refuses',
    { path: '/ip/pool', match: { name: 'x' }, set: { ranges: 'everything' } },
    'RouterRefused',
    /\/ip\/pool name=x: The router refused \/ip\/pool\/add/,
  ],
  [
    'a name in another case',
    { path: '/ip/dns', set: { Servers: '1.1.1.1' } },
    'Invalid',
    /no name of a property/,
  ],
];

const values = [
  { name: 'a', value: '{{ values.b }}' },
  { name: 'b', value: '{{ values.a }}' },
  { name: 'secret', secretKeyRef: { name: 'vault', key: 'k' } },
];

describe.each(['7.9.2', '7.24'])('on RouterOS %s', (version) => {
  test.each(CASES)(
    '%s is told by its row, and the other row is made',
    async (_what, resource, reason, message) => {
      const router = new SimulatedRouter(version);
      const { problems } = await router.run([task({ values, resources: [resource, GOOD] })]);
      expect(problems).toEqual([
        {
          profile: 'acme/base',
          row: expect.stringContaining(resource.path),
          reason,
          message: expect.stringMatching(message),
        },
      ]);
      expect(router.rows('/ip/pool').map(({ name }) => name)).toEqual(['good']);
    },
  );
});

test('10,000 rows are refused as a whole, and other profiles go on', async () => {
  const router = new SimulatedRouter('7.16.2');
  const many = Array.from({ length: 10_000 }, (_, index) => ({ ...GOOD, match: { name: `p${index}` } }));
  const { problems } = await router.run([
    task({ resources: many }, { profile: 'acme/many' }),
    task({ resources: [GOOD] }),
  ]);
  expect(problems).toEqual([
    { profile: 'acme/many', reason: 'TooManyRows', message: expect.stringContaining('at most 2048') },
  ]);
  expect(router.rows('/ip/pool')).toHaveLength(1);
});

test('what reads as RouterOS’s own language is a text like any other', async () => {
  const router = new SimulatedRouter('7.20.8');
  const text = '"; /system/reset-configuration; :put [/user/print] \\ $x\n=.id=*1';
  const spec = { resources: [{ path: '/snmp', set: { contact: text } }] };
  await router.run([task(spec)]);
  expect(router.rows('/snmp')[0]).toMatchObject({ contact: text });
  expect((await router.run([task(spec)])).writes).toBe(0);
});

test('two profiles that differ: the later wins, and the earlier is told', async () => {
  const router = new SimulatedRouter('7.16.2');
  const { problems } = await router.run([
    task(
      { resources: [{ path: '/ip/dns', set: { servers: '1.1.1.1', 'cache-size': '4096' } }] },
      { profile: 'net/one' },
    ),
    task({ resources: [{ path: '/ip/dns', set: { servers: '9.9.9.9' } }] }, { profile: 'acme/two' }),
  ]);
  expect(router.rows('/ip/dns')[0]).toMatchObject({ servers: '9.9.9.9', 'cache-size': '4096KiB' });
  expect(problems).toEqual([
    {
      profile: 'net/one',
      row: '/ip/dns',
      reason: 'Overridden',
      message: expect.stringContaining('servers is set otherwise by profile acme/two'),
    },
  ]);
});

test('a row that a person made and match finds is set, and stays when the profile goes', async () => {
  const router = new SimulatedRouter('7.16.2');
  router.type('/ip/pool/add name=good ranges=10.2.2.2 comment="mine"');
  await router.run([task({ resources: [GOOD] })]);
  expect(router.rows('/ip/pool')).toMatchObject([
    { name: 'good', ranges: '10.1.1.2-10.1.1.9', comment: 'mine' },
  ]);
  await router.run([]);
  expect(router.rows('/ip/pool')).toHaveLength(1);
});

test('a mistake that comes into a profile takes away nothing that it made before', async () => {
  const router = new SimulatedRouter('7.16.2');
  const lists = [
    {
      path: '/ip/firewall/nat',
      rows: [{ set: { chain: 'srcnat', action: 'accept', 'src-address': '{{ router.labels.net }}' } }],
    },
  ];
  const resources = [
    { path: '/radius', match: { address: '10.100.0.1' }, set: { secret: '{{ values.secret }}' } },
  ];
  const labels = { ...SUBJECT.router.labels, net: '10.8.0.0/24' };
  const subject = { ...SUBJECT, router: { ...SUBJECT.router, labels } };
  await router.run([task({ values, resources, lists }, { secrets: { secret: 'abc' } })], subject);
  router.sent.length = 0;
  const { problems } = await router.run([task({ values, resources, lists })]);
  expect(problems.map(({ reason }) => reason)).toEqual(['TemplateFailed', 'TemplateFailed']);
  expect(router.sent).toEqual([]);
});

test('a dry run says what would be, without a secret, and changes nothing', async () => {
  const router = new SimulatedRouter('7.16.2');
  await router.run([task({ resources: [GOOD] })]);
  router.sent.length = 0;
  const spec = {
    values,
    resources: [
      { ...GOOD, set: { ranges: '10.1.1.2-10.1.1.5' } },
      {
        path: '/radius',
        match: { address: '10.100.0.1' },
        set: { secret: '{{ values.secret }}', service: 'ppp' },
      },
    ],
  };
  const { problems } = await router.run([task(spec, { mode: 'plan', secrets: { secret: 'hushhush' } })]);
  expect(problems.map(({ reason, message }) => `${reason} ${message}`)).toEqual([
    'Planned /ip/pool name=good: set ranges 10.1.1.2-10.1.1.9 → 10.1.1.2-10.1.1.5',
    'Planned /radius address=10.100.0.1: add secret=***** service=ppp',
  ]);
  expect(router.sent).toEqual([]);
});

test('drift is only reported where the profile says so', async () => {
  const router = new SimulatedRouter('7.16.2');
  await router.run([task({ resources: [GOOD] })]);
  router.type('/ip/pool/set good ranges=10.1.1.77');
  router.sent.length = 0;
  const { problems } = await router.run([task({ resources: [GOOD] }, { mode: 'report' })]);
  expect(problems).toMatchObject([
    { reason: 'Drifted', message: '/ip/pool name=good: set ranges 10.1.1.77 → 10.1.1.2-10.1.1.9' },
  ]);
  expect(router.sent).toEqual([]);
});

test('a profile that waits for its turn keeps what it has', async () => {
  const router = new SimulatedRouter('7.16.2');
  const hotspot = {
    resources: [{ path: '/ip/hotspot/profile', match: { name: 'h' }, set: { 'use-radius': 'yes' } }, GOOD],
  };
  await router.run([task(hotspot)]);
  router.sent.length = 0;
  await router.run([task({ resources: [] }, { mode: 'hold' })]);
  expect(router.sent).toEqual([]);
  await router.run([]);
  expect(router.rows('/ip/pool')).toEqual([]);
  expect(router.rows('/ip/hotspot/profile').map(({ name }) => name)).toEqual(['default']);
});

describe.each(VERSIONS)('without the policy sensitive on RouterOS %s', (version) => {
  test('masked secrets are set once, and again when they change', async () => {
    const router = new SimulatedRouter(version);
    router.type(
      '/user/group/add name=blind policy=api,read,write,test,policy',
      '/user/add name=blind group=blind password=blindblind',
    );
    router.user = 'blind';
    router.password = 'blindblind';
    const spec = {
      values,
      resources: [
        { path: '/radius', match: { address: '10.100.0.1' }, set: { secret: '{{ values.secret }}' } },
      ],
    };
    await router.run([task(spec, { secrets: { secret: 'one' } })]);
    expect((await router.run([task(spec, { secrets: { secret: 'one' } })])).writes).toBe(0);
    await router.run([task(spec, { secrets: { secret: 'two' } })]);
    expect(router.rows('/radius')[0]).toMatchObject({ secret: 'two' });
    expect((await router.run([task(spec, { secrets: { secret: 'two' } })])).writes).toBe(0);
    expect(JSON.stringify(router.rows('/system/script'))).not.toMatch(/one|two/);
  });
});

test.each([
  ['', undefined],
  ['by hand', undefined],
  ['tenant-tunnel: API from the server', undefined],
  ['tenant-tunnel profile acme/base/0123456789', { profile: 'acme/base', id: '0123456789' }],
  ['tenant-tunnel profile acme/base/0123456789: text', { profile: 'acme/base', id: '0123456789' }],
  ['tenant-tunnel profile acme/base/0123456789x', undefined],
  ['tenant-tunnel profile acme/base', undefined],
])('the comment %j is a mark or is not', (comment, mark) => expect(readMark(comment)).toEqual(mark));
