import { jest } from '@jest/globals';
import type { RouterProfileSpec } from '../../../../src/api/index.ts';
import { type ProfileResult, readFacts, runProfiles, underUndo } from '../../../../src/routeros/index.ts';
import type { DeskRouter } from '../../../simulator/desk/router.ts';
import { connect, holdTime, never, pass, provision, reconnect, USER, wait } from '../undo/desk.ts';
import { SUBJECT, task } from './simulated.ts';

beforeEach(holdTime);
afterEach(() => jest.useRealTimers());

const FILTER = '/ip/firewall/filter';
/** Rules that are good, and a pool that they do not need. */
const GOOD: RouterProfileSpec = {
  resources: [{ path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.9' } }],
  lists: [
    {
      path: FILTER,
      before: { chain: 'input', action: 'drop' },
      rows: [
        { set: { chain: 'input', action: 'accept', protocol: 'udp', 'dst-port': '3799' } },
        {
          set: {
            chain: 'input',
            action: 'drop',
            protocol: 'udp',
            'dst-port': '53',
            'in-interface-list': 'WAN',
          },
        },
      ],
    },
  ],
};

async function run(router: DeskRouter, ...specs: RouterProfileSpec[]): Promise<ProfileResult> {
  const api = await connect(router, never);
  try {
    return await runProfiles({
      api,
      openAnother: (signal) => connect(router, signal),
      underUndo,
      tasks: specs.map((spec, index) => task(spec, { profile: `acme/p${index}` })),
      subject: SUBJECT,
      ours: { user: USER, address: '10.100.1.1' },
      version: router.os.options.version,
      key: 'key',
      signal: never,
    });
  } finally {
    api.close();
  }
}

describe.each(['7.9.2', '7.16.2', '7.24'])('under the real undo, on RouterOS %s', (version) => {
  const start = () => provision({ version, defaultFirewall: true });

  test('rules are made, kept, and found as they were left', async () => {
    const router = start();
    const { problems } = await pass(run(router, GOOD));
    expect(problems).toEqual([]);
    const comments = router.os
      .rows(FILTER)
      .map(({ comment = '' }) => comment.replace(/[0-9a-f]{10}$/, 'ROW'));
    const at = comments.indexOf('tenant-tunnel profile acme/p0/ROW');
    expect(comments.slice(at, at + 2)).toEqual(Array(2).fill('tenant-tunnel profile acme/p0/ROW'));
    expect(comments[at + 2]).toMatch(/drop invalid/);
    await wait(200_000);
    expect(await pass(run(router, GOOD))).toMatchObject({ problems: [], writes: 0 });
    expect(router.os.rows('/tool/netwatch')).toEqual([]);
  });

  test('rules that cut us off are undone and told, and what cuts nobody off stays', async () => {
    const router = start();
    const before = router.os.rows(FILTER);
    const bad = {
      ...GOOD,
      lists: [
        { path: FILTER, before: { chain: 'input' }, rows: [{ set: { chain: 'input', action: 'drop' } }] },
      ],
    };
    const { problems, stopped } = await pass(run(router, bad));
    expect(problems).toEqual([
      expect.objectContaining({
        profile: 'acme/p0',
        reason: 'Undone',
        message: expect.stringContaining('undo'),
      }),
    ]);
    expect(stopped).toBe(true);
    const again = await pass(reconnect(router));
    again.close();
    await wait(200_000);
    const plain = (rows: readonly object[]) => rows.map((row) => ({ ...row, '.id': '' }));
    expect(plain(router.os.rows(FILTER))).toEqual(plain(before));
    expect(router.os.rows('/ip/pool')).toHaveLength(1);
  });
});

test.each([
  ['that cut nobody off', false, 3_000],
  ['one of which is a rule of the firewall', true, 3_000],
])('facts and five rows %s over a link of 100 ms', async (what, hasRule, limitMs) => {
  const router = provision({ version: '7.16.2', latencyMs: 50 });
  const resources = [
    { path: '/ip/dns', set: { servers: '9.9.9.9' } },
    { path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.9' } },
    { path: '/radius', match: { address: '10.100.0.1' }, set: { service: 'ppp', secret: 'abc' } },
    { path: '/snmp', set: { enabled: 'yes' } },
    ...(hasRule ? [] : [{ path: '/radius/incoming', set: { accept: 'yes' } }]),
  ];
  const lists = [{ path: FILTER, rows: [{ set: { chain: 'forward', action: 'drop', protocol: 'udp' } }] }];
  const began = Date.now();
  const work = (async () => {
    const api = await connect(router, never);
    await readFacts(api);
    api.close();
    return run(router, hasRule ? { resources, lists } : { resources });
  })();
  const { problems } = await pass(work, 60_000, 10);
  const took = Date.now() - began;
  console.log(`facts and five rows ${what}, 100 ms there and back: ${took} ms`);
  expect(problems).toEqual([]);
  expect(took).toBeLessThanOrEqual(limitMs);
});
