import {
  Answers,
  type Knowledge,
  knowledgeOf,
  learn,
  RouterOsError,
} from '../../../../src/routeros/index.ts';
import { refusing, simulated } from './simulated.ts';

const PEERS = '/interface/wireguard/peers';
const ASKED = ['/ip/service/set', `${PEERS}/add`, '/safe-mode/release', '/no/such/set'];

const said = (knowledge: Knowledge): unknown => ({
  list: knowledge.renamed('/ip/service', 'address'),
  responder: knowledge.renamed(PEERS, 'responder'),
  name: knowledge.has(PEERS, 'add', 'name'),
  safeMode: knowledge.has('/safe-mode', 'release'),
});

describe.each([
  ['7.9.2', 'address', 'responder', 'no', 'no'],
  ['7.12.2 (long-term)', 'address', 'responder', 'no', 'no'],
  ['7.15 (stable)', 'address', 'is-responder', 'yes', 'no'],
  ['7.16.2', 'address', 'is-responder', 'yes', 'no'],
  ['7.17', 'address', 'responder', 'yes', 'no'],
  ['7.18.2', 'address', 'responder', 'yes', 'yes'],
  ['7.19', 'address', 'responder', 'yes', 'yes'],
  ['7.24beta3', 'available-from', 'responder', 'yes', 'yes'],
  ['7.24', 'available-from', 'responder', 'yes', 'yes'],
  ['7.31.2', 'available-from', 'responder', 'yes', 'yes'],
])('RouterOS %s', (version, list, responder, name, safeMode) => {
  const expected = { list, responder, name, safeMode };

  test('is known by its version alone', () => {
    expect(said(knowledgeOf(version))).toEqual(expected);
  });

  test('is known by what it says itself', async () => {
    const number = version.replace(/ .*|beta3/g, '');
    const session = simulated(number);
    const knowledge = await learn(session, { version, places: ASKED });
    expect(said(knowledge)).toEqual(expected);
    expect(knowledge.has('/no/such')).toBe('no');
    expect(knowledge.has('/ip/service', 'set', 'no-such')).toBe('no');
    expect(knowledge.has('/ip/service')).toBe('yes');
  });
});

describe('what the router says', () => {
  test('goes before what the table says of its version', async () => {
    const session = simulated('7.24');
    const knowledge = await learn(session, { version: '7.16.2', places: ['/ip/service/set'] });
    expect(knowledge.renamed('/ip/service', 'address')).toBe('available-from');
    expect(knowledgeOf('7.16.2').renamed('/ip/service', 'address')).toBe('address');
  });

  test('is asked for once, with commas for slashes', async () => {
    const session = simulated('7.16.2');
    await learn(session, { version: '7.16.2', places: ['/ip/service/set', '/ip/service/set'] });
    expect(session.asked).toEqual(['ip,service,set']);
  });

  test('is believed for a while, for that router alone', async () => {
    let now = 0;
    const kept = new Answers({ now: () => now, keepForMs: 1000 });
    const places = ['/ip/service/set', '/user/add'];
    const ask = async (router: string): Promise<number> => {
      const session = simulated('7.16.2');
      const knowledge = await learn(session, { version: '7.16.2', places, answers: { kept, router } });
      expect(knowledge.has('/user', 'add', 'no-such')).toBe('no');
      return session.asked.length;
    };
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual([2, 0, 2]);
    // Equal answers are one object, whoever gave them.
    expect(kept.find('a', '/user/add')).toBeDefined();
    expect(kept.find('a', '/user/add')).toBe(kept.find('b', '/user/add'));
    now = 1001;
    expect(await ask('a')).toBe(2);
  });

  test('what it lacks is asked for each time, for a package may come', async () => {
    const kept = new Answers();
    const session = simulated('7.16.2');
    const options = { version: '7.16.2', places: ['/zerotier/add'], answers: { kept, router: 'a' } };
    expect((await learn(session, options)).has('/zerotier', 'add')).toBe('no');
    const before = session.asked.length;
    await learn(session, options);
    expect(session.asked.slice(before)).toContain('zerotier,add');
  });

  test('a router that answers nothing to anything is not believed: the table is', async () => {
    const silent = { command: async () => ({ rows: [], done: {}, truncated: false }) };
    const knowledge = await learn(silent, {
      version: '7.16.2',
      places: ['/ip/service/set', '/zerotier/add'],
    });
    expect(knowledge.has('/ip/service', 'set', 'address')).toBe('yes');
    expect(knowledge.has('/zerotier', 'add')).toBe('unknown');
  });

  test.each([
    ['NotPermitted', undefined],
    ['Timeout', undefined],
    ['Trap', 4],
    ['Trap', 0],
    ['NoSuchCommand', 0],
  ] as const)('after %s (%p) the table is asked', async (code, category) => {
    const knowledge = await learn(refusing(code, category), { version: '7.24', places: ['/ip/service/set'] });
    expect(knowledge.renamed('/ip/service', 'address')).toBe('available-from');
    expect(knowledge.has('/zerotier')).toBe('unknown');
  });

  test('a session that is over is an error', async () => {
    const asked = learn(refusing('Closed'), { version: '7.24', places: ['/ip/service/set'] });
    await expect(asked).rejects.toThrow(RouterOsError);
  });

  test('hostile rows are no names', async () => {
    const names = ['ok', 'a b', '../x', '__proto__', 'x'.repeat(65), '', 'ünï'];
    const session = {
      command: async () => ({
        rows: [{ type: 'self' }, ...names.map((name) => ({ type: 'child', name }))],
        done: {},
        truncated: false,
      }),
    };
    const knowledge = await learn(session, { version: '7.24', places: ['/x/set'] });
    expect(names.filter((name) => knowledge.has('/x', 'set', name) === 'yes')).toEqual(['ok']);
  });

  test('a place that is no place is not asked for', async () => {
    const session = simulated('7.24');
    const knowledge = await learn(session, { version: '7.24', places: ['/ip/a b/set', '/ip/service,x/set'] });
    expect(session.asked.filter((path) => /[ x]/.test(path))).toEqual([]);
    expect(knowledge.has('/ip/a b', 'set')).toBe('no');
  });
});

test('which versions have something is told in words', () => {
  const knowledge = knowledgeOf('7.9.2');
  expect(knowledge.versionsWith(PEERS, 'add', 'is-responder')).toBe('RouterOS 7.15 up to before 7.17');
  expect(knowledge.versionsWith('/safe-mode', 'take')).toBe('RouterOS 7.18 and later');
  expect(knowledge.versionsWith('/ip/service', 'set', 'port')).toBeUndefined();
});

test('of a text that is no version only what all versions have is known', () => {
  const knowledge = knowledgeOf('seven');
  expect(knowledge.version).toBeUndefined();
  expect(knowledge.has('/ip/service', 'set', 'port')).toBe('yes');
  expect(knowledge.has('/ip/service', 'set', 'available-from')).toBe('unknown');
  expect(knowledge.renamed('/ip/service', 'available-from')).toBe('address');
});

test('answers have a limit', () => {
  const kept = new Answers({ most: 10 });
  for (let router = 0; router < 100; router++)
    kept.keep(String(router), '/user/add', { names: new Set([String(router)]), isCut: false });
  expect(kept.size).toBe(10);
  expect(kept.find('0', '/user/add')).toBeUndefined();
  expect(kept.find('99', '/user/add')?.names.has('99')).toBe(true);
});
