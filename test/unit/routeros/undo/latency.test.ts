import { jest } from '@jest/globals';
import { Answers, type RouterOsApi, readFacts } from '../../../../src/routeros/index.ts';
import { runProfiles } from '../../../../src/routeros/profile/index.ts';
import { type Change, underUndo } from '../../../../src/routeros/undo/index.ts';
import type { DeskRouter } from '../../../simulator/desk/router.ts';
import { SUBJECT, task } from '../profile/simulated.ts';
import { connect, holdTime, never, pass, provision, USER } from './desk.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

/** There and back; half of it each way. */
const LINK_MS = 100;
const LIMIT_MS = 3_000;

/** How long `work` takes on such a link. A connection is once there and back more, which a desk does not have. */
async function measured(
  version: string,
  what: string,
  work: (router: DeskRouter, open: (signal: AbortSignal) => Promise<RouterOsApi>) => Promise<void>,
): Promise<void> {
  const router = provision({ version, latencyMs: LINK_MS / 2 });
  let connections = 0;
  const began = Date.now();
  await pass(
    work(router, (signal) => {
      connections += 1;
      return connect(router, signal);
    }),
    60_000,
    10,
  );
  const took = Date.now() - began + connections * LINK_MS;
  process.stdout.write(
    `${version}, ${what}: ${took} ms, ${Math.round(took / LINK_MS)} times there and back\n`,
  );
  expect(took).toBeLessThanOrEqual(LIMIT_MS);
  await pass(router.stop());
}

const FIVE: Change[] = Array.from({ length: 5 }, (_, at) => {
  const comment = `tenant-tunnel profile guard/${at}`;
  const values = { chain: 'forward', action: 'drop', 'src-address': `10.7.${at}.0/24`, comment };
  return { kind: 'add', path: '/ip/firewall/filter', values, mark: { comment } };
});

/** Five rows of a profile, in menus that cut nobody off, or in the firewall. */
const PROFILES = {
  'a profile of five rows': {
    resources: ['ntp', 'radius', 'backup', 'printer', 'cam'].map((name, at) => ({
      path: '/ip/dns/static',
      match: { name: `${name}.example.net` },
      set: { address: `10.7.0.${at + 1}` },
    })),
  },
  'a profile of five firewall rules': {
    lists: [
      {
        path: '/ip/firewall/filter',
        rows: ['10.7.1.0/24', '10.7.2.0/24', '10.7.3.0/24', '10.7.4.0/24', '10.7.5.0/24'].map((source) => ({
          set: { chain: 'forward', action: 'drop', 'src-address': source },
        })),
      },
    ],
  },
};

describe.each(['7.9.2', '7.16.2', '7.24'])('over a link of 100 ms, RouterOS %s', (version) => {
  test('tells its facts and takes five changes under an undo within three seconds', async () => {
    await measured(version, 'facts and five changes under an undo', async (_router, open) => {
      const api = await open(never);
      await readFacts(api);
      expect((await underUndo({ api, openAnother: open, changes: FIVE, signal: never })).state).toBe('Kept');
      api.close();
    });
  });

  test.each(Object.entries(PROFILES))(
    'tells its facts and takes %s within three seconds',
    async (what, spec) => {
      await measured(version, `facts and ${what}`, async (_router, open) => {
        const api = await open(never);
        const facts = await readFacts(api);
        const result = await runProfiles({
          api,
          openAnother: open,
          underUndo,
          tasks: [task(spec)],
          subject: SUBJECT,
          ours: { user: USER, address: '10.100.1.1' },
          version: facts.version,
          answers: { kept: new Answers(), router: 'router' },
          key: 'key',
          signal: never,
        });
        expect(result.problems).toEqual([]);
        expect(result.writes).toBeGreaterThanOrEqual(5);
        api.close();
      });
    },
  );
});
