import { acceptance, refusalOfProfile } from '../../../../src/controller/profiles/accept-profile.ts';
import { profile } from '../../api/profiles/fixtures.ts';

const good = { path: '/ip/dns', set: { servers: '{{ tunnel.serverAddress }}, {{ values.second }}' } };
const values = [{ name: 'second', value: '9.9.9.9' }];

test('a profile that every router can be given is accepted, whatever its templates ask of routers', () => {
  const resources = [
    good,
    { path: '/system/note', set: { note: '{{ router.labels["example.com/site"] }} {{ facts.model }}' } },
  ];
  expect(acceptance(profile('a/p', { resources, values }))).toMatchObject({
    status: 'True',
    reason: 'Accepted',
  });
});

test.each([
  ['a menu that is kept', { path: '/system/identity', set: { name: 'mine' } }, /spec\.identity/],
  [
    'a menu that is none for profiles',
    { path: '/system/reset-configuration', set: { x: 'yes' } },
    /reset-configuration/,
  ],
  [
    'a row of ours',
    { path: '/interface/wireguard', match: { name: 'tenant-tunnel' }, set: { mtu: '1000' } },
    /connects the router/,
  ],
  [
    'a value that is not there',
    { path: '/ip/dns', set: { servers: '{{ values.none }}' } },
    /values\.none is missing/,
  ],
  [
    'a name that templates do not know',
    { path: '/ip/dns', set: { servers: '{{ secrets.x }}' } },
    /secrets\.x is nothing/,
  ],
  ['a template without an end', { path: '/ip/dns', set: { servers: '{{ router.name' } }, /does not end/],
])('%s is left out and told, and the other rows go on', (_what, bad, message) => {
  const one = profile('a/p', { resources: [good, bad], values });
  expect(refusalOfProfile(one, undefined, 'system')).toBeUndefined();
  expect(acceptance(one)).toEqual({
    status: 'True',
    reason: 'RowsRefused',
    message: expect.stringMatching(message),
  });
  const alone = profile('a/p', { resources: [bad], values });
  expect(refusalOfProfile(alone, undefined, 'system')?.reason).toBe('InvalidProfile');
});

test('values that go round in a circle are told', () => {
  const circle = ['a', 'b', 'c'].map((name, at, all) => ({
    name,
    value: `{{ values.${all[(at + 1) % 3]} }}`,
  }));
  const one = profile('a/p', {
    resources: [good, { path: '/ip/dns', set: { servers: '{{ values.a }}' } }],
    values: [...values, ...circle],
  });
  expect(acceptance(one).message).toContain('circle: a → b → c → a');
});

test('of many that are wrong three are named', () => {
  const resources = [
    good,
    ...Array.from({ length: 50 }, (_, at) => ({
      path: '/ip/pool',
      match: { name: `p${at}` },
      set: { ranges: '{{ no }}' },
    })),
  ];
  const { message } = acceptance(profile('a/p', { resources, values }));
  expect(message).toContain('50 rows');
  expect(message).toContain('And 47 more.');
  expect(message.length).toBeLessThan(1000);
});
