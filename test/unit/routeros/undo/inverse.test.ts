import fc from 'fast-check';
import { type Change, commandOf, isRisky, isRiskyMenu } from '../../../../src/routeros/undo/index.ts';
import { inverse } from '../../../../src/routeros/undo/inverse.ts';
import { RouterOs } from '../../../simulator/engine/index.ts';
import { restingWorld } from '../../../simulator/engine/rest.ts';
import { hostile, sayable } from '../hostile.ts';

const FILTER = '/ip/firewall/filter';
const router = (version: string): RouterOs =>
  new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => Date.UTC(2026, 5, 1),
  });

/** Makes changes as the API does. */
function make(os: RouterOs, changes: readonly Change[]): void {
  for (const change of changes) {
    const { path, attributes = {} } = commandOf(change);
    const cut = path.lastIndexOf('/');
    os.execute({
      menu: path.slice(0, cut),
      command: path.slice(cut + 1),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, value === true ? 'yes' : String(value)]),
      ),
      user: 'admin',
    });
  }
}

const undo = (os: RouterOs, changes: readonly Change[]): Promise<string> =>
  os.terminal().runScript(restingWorld(new AbortController().signal), `${inverse(changes)}\n:put $ttBad`);

/** No NUL, which no property of RouterOS holds. */
const text = hostile.map((value) => sayable(value).replaceAll('\0', '')).filter((value) => value !== '');

test.each(['7.9.2', '7.24'])(
  'on RouterOS %s: takes back whatever texts are in a change, twice or not at all',
  async (version) => {
    const os = router(version);
    const before = os.snapshot();
    const [first, second] = os.rows(FILTER).filter(({ dynamic }) => dynamic !== 'true');
    const id = first?.['.id'] ?? '';
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        const comment = `tenant-tunnel profile ${one}`;
        os.execute({
          menu: FILTER,
          command: 'set',
          attributes: { '.id': id, comment: other },
          user: 'admin',
        });
        const start = os.snapshot();
        const changes: Change[] = [
          { kind: 'add', path: FILTER, values: { chain: 'forward', comment }, mark: { comment } },
          {
            kind: 'set',
            path: FILTER,
            id,
            values: { comment: one, log: 'yes', limit: '1,5:packet' },
            was: { comment: other, log: 'false', limit: null },
          },
          { kind: 'move', path: FILTER, id, wasBefore: second?.['.id'] ?? '' },
          { kind: 'remove', path: FILTER, id: second?.['.id'] ?? '', canDisable: true },
          { kind: 'set', path: '/system/identity', values: { name: 'x' }, was: { name: 'MikroTik' } },
        ];
        expect(await undo(os, changes)).toBe('0\n');
        expect(os.snapshot()).toEqual(start);
        make(os, changes);
        expect(os.snapshot()).not.toEqual(start);
        expect(await undo(os, changes)).toBe('0\n');
        expect(await undo(os, changes)).toBe('0\n');
        expect(os.snapshot()).toEqual(start);
      }),
      { numRuns: 40 },
    );
    os.execute({
      menu: FILTER,
      command: 'set',
      attributes: { '.id': id, comment: first?.comment ?? '' },
      user: 'admin',
    });
    expect(os.snapshot()).toEqual(before);
  },
);

test('a row of a menu that cannot be disabled is made anew, in its place, and once', async () => {
  const os = router('7.16.2');
  make(os, [
    {
      kind: 'add',
      path: '/interface/list',
      values: { name: 'guests', comment: 'theirs' },
      mark: { name: 'guests' },
    },
  ]);
  const before = os.snapshot();
  const row = os.rows('/interface/list').find(({ name }) => name === 'guests');
  const changes: Change[] = [
    {
      kind: 'remove',
      path: '/interface/list',
      id: row?.['.id'] ?? '',
      canDisable: false,
      row: { name: 'guests', comment: 'theirs' },
      mark: { name: 'guests' },
    },
  ];
  make(os, changes);
  expect(os.snapshot()).not.toEqual(before);
  expect(await undo(os, changes)).toBe('0\n');
  expect(await undo(os, changes)).toBe('0\n');
  expect(os.snapshot()).toEqual(before);
});

test('a line that this version does not know keeps no other from running, and is counted', async () => {
  const os = router('7.9.2');
  const before = os.snapshot();
  const changes: Change[] = [
    { kind: 'set', path: '/system/identity', values: { name: 'x' }, was: { name: 'MikroTik' } },
    { kind: 'set', path: '/ip/later', values: { a: 'b' }, was: { a: 'c' } },
  ];
  make(os, changes.slice(0, 1));
  expect(await undo(os, changes)).toBe('1\n');
  expect(os.snapshot()).toEqual(before);
});

test.each<[string, Change]>([
  ['an id', { kind: 'remove', path: FILTER, id: '*1] ; /quit', canDisable: true }],
  ['a menu', { kind: 'set', path: '/ip/dns ; /quit', values: {}, was: { a: 'b' } }],
  ['a property', { kind: 'set', path: '/ip/dns', values: {}, was: { 'a=b c': 'b' } }],
  ['nothing to find a row by', { kind: 'add', path: FILTER, values: { chain: 'input' }, mark: {} }],
])('%s that RouterOS cannot have is refused', (_what, change) => {
  expect(() => inverse([change])).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
});

test('a list of two hundred rules and as many that go are taken back in a few lines', async () => {
  const os = router('7.9.2');
  const add = (at: number): Change => {
    const comment = `tenant-tunnel profile acme/a-profile/${at}: "rule" $${at}`;
    return { kind: 'add', path: FILTER, values: { chain: 'forward', comment }, mark: { comment } };
  };
  make(
    os,
    Array.from({ length: 200 }, (_, at) => add(1000 + at)),
  );
  const before = os.snapshot();
  const old = os.rows(FILTER).filter(({ comment }) => comment?.includes('a-profile'));
  const changes: Change[] = [
    ...Array.from({ length: 200 }, (_, at) => add(at)),
    ...old.map((row): Change => ({ kind: 'remove', path: FILTER, id: row['.id'] ?? '', canDisable: true })),
  ];
  make(os, changes);
  expect(inverse(changes).split('\n')).toHaveLength(9);
  expect(await undo(os, changes)).toBe('0\n');
  expect(os.snapshot()).toEqual(before);
});

test('more than a router keeps is refused', () => {
  const changes = Array.from({ length: 1000 }, (_, at): Change => {
    const comment = `tenant-tunnel profile acme/long-name-of-a-profile/${at}`;
    return { kind: 'add', path: FILTER, values: { chain: 'input', comment }, mark: { comment } };
  });
  expect(() => inverse(changes)).toThrow(expect.objectContaining({ code: 'TooLarge' }));
  expect(inverse(changes.slice(0, 300)).length).toBeLessThan(32_000);
});

test.each([
  ['/interface/wireguard', true],
  ['/interface/list/member', true],
  ['/ip/address', true],
  ['/ip/firewall/address-list', true],
  ['/ip/service', true],
  ['/user/group', true],
  ['/ipv6/route', true],
  ['/routing/rule', true],
  ['/queue/simple', true],
  ['/ip/dns', false],
  ['/ip/dns/static', false],
  ['/ip/routers', false],
  ['/ip/hotspot/user', false],
  ['/radius', false],
  ['/snmp', false],
  ['/system/ntp/client', false],
  ['/users', false],
])('changes in %s can cut us off: %p', (path, expected) => {
  expect(isRiskyMenu(path)).toBe(expected);
  expect(isRisky({ kind: 'set', path, id: '*1', values: { comment: 'x' }, was: { comment: null } })).toBe(
    false,
  );
});
