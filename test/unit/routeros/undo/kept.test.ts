import { jest } from '@jest/globals';
import { RouterOsApi } from '../../../../src/routeros/index.ts';
import { type Change, settleUndo, underUndo } from '../../../../src/routeros/undo/index.ts';
import type { DeskRouter } from '../../../simulator/desk/router.ts';
import { connect, holdTime, never, pass, provision, USER, wait } from './desk.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

const FILTER = '/ip/firewall/filter';
const MARK = 'tenant-tunnel profile guard/web';
const rule = (values: Record<string, string>, mark = MARK): Change => ({
  kind: 'add',
  path: FILTER,
  values: { chain: 'forward', action: 'drop', ...values, comment: mark },
  mark: { comment: mark },
});
const run = (router: DeskRouter, api: RouterOsApi, changes: Change[]) =>
  pass(underUndo({ api, openAnother: (signal) => connect(router, signal), changes, signal: never }));
const comments = (router: DeskRouter): string[] => router.rows(FILTER).flatMap(({ comment = '' }) => comment);

/** Nothing of an undo is on the router, and nobody holds safe mode. */
function expectNothingLeft(router: DeskRouter): void {
  expect(router.rows('/tool/netwatch')).toEqual([]);
  expect(router.rows('/system/scheduler')).toEqual([]);
  expect(router.rows('/system/script/job')).toEqual([]);
  expect(router.rows('/safe-mode')[0]?.enabled ?? 'false').toBe('false');
}

describe.each(['7.9.2', '7.16.2', '7.18.2', '7.24'])('on RouterOS %s', (version) => {
  const hasSafeMode = version === '7.18.2' || version === '7.24';

  test('a change that cuts nobody off stays, also later, and leaves nothing behind', async () => {
    const router = provision({ version });
    const api = await pass(connect(router, never));
    const old = router.rows(FILTER).find(({ comment }) => comment === 'defconf: drop invalid');
    const outcome = await run(router, api, [
      rule({ 'dst-port': '23', protocol: 'tcp' }),
      { kind: 'remove', path: FILTER, id: old?.['.id'] ?? '', canDisable: true },
    ]);
    expect(outcome).toEqual({ state: 'Kept', safeMode: hasSafeMode });
    api.close();
    const after = router.os.snapshot();
    expect(comments(router)).toContain(MARK);
    expect(router.rows(FILTER).some((row) => row['.id'] === old?.['.id'])).toBe(false);
    await wait(700_000);
    expectNothingLeft(router);
    expect(router.os.snapshot()).toEqual(after);
    await pass(router.reboot());
    await wait(120_000);
    expect(router.os.snapshot()).toEqual(after);
    await pass(router.stop());
  });

  test('what the router refuses halfway is undone at once, and its own words are told', async () => {
    const router = provision({ version });
    const api = await pass(connect(router, never));
    const before = router.os.snapshot();
    const outcome = await run(router, api, [
      rule({}),
      rule({ 'dst-port': '23' }, 'tenant-tunnel profile guard/x'),
    ]);
    expect(outcome).toMatchObject({ state: 'Undone', because: { code: 'Trap' } });
    expect(String(outcome.state === 'Undone' ? outcome.because : '')).toContain(
      'ports can be specified if proto is',
    );
    expect(router.os.snapshot()).toEqual(before);
    api.close();
    await wait(5_000);
    expectNothingLeft(router);
    await pass(router.stop());
  });

  test('what the caller does not find proven is undone', async () => {
    const router = provision({ version });
    const api = await pass(connect(router, never));
    const before = router.os.snapshot();
    const outcome = await pass(
      underUndo({
        api,
        openAnother: (signal) => connect(router, signal),
        changes: [rule({})],
        prove: async () => {
          throw new Error('the row is not as it was wanted');
        },
        signal: never,
      }),
    );
    expect(outcome).toMatchObject({
      state: 'Undone',
      because: { message: 'the row is not as it was wanted' },
    });
    expect(router.os.snapshot()).toEqual(before);
    api.close();
    await pass(router.stop());
  });

  test('a router whose user may not write is refused before anything is changed', async () => {
    const router = provision({ version });
    const group = router.rows('/user/group').find(({ name }) => name === USER);
    router.os.execute({
      menu: '/user/group',
      command: 'set',
      attributes: { '.id': group?.['.id'] ?? '', policy: 'api,read' },
      user: 'admin',
    });
    const before = router.os.snapshot();
    const api = await pass(connect(router, never));
    const outcome = await run(router, api, [rule({})]);
    expect(outcome).toMatchObject({ state: 'Refused', because: { code: 'NotPermitted' } });
    expect(router.os.snapshot()).toEqual(before);
    api.close();
    await pass(router.stop());
  });
});

describe('safe mode', () => {
  const held = async (router: DeskRouter): Promise<RouterOsApi> => {
    const person = new RouterOsApi(await router.dial(never));
    await person.login('admin', '');
    await person.command(['/safe-mode/take']);
    return person;
  };

  test('that a person holds is left to them: the router’s own undo is enough', async () => {
    const router = provision({ version: '7.24' });
    const person = await pass(held(router));
    const api = await pass(connect(router, never));
    expect((await pass(settleUndo(api))).found).toBe('Clear');
    expect(await run(router, api, [rule({})])).toEqual({ state: 'Kept', safeMode: false });
    expect(router.rows('/safe-mode')[0]).toMatchObject({ enabled: 'true', user: 'admin' });
    person.close();
    api.close();
    await pass(router.stop());
  });

  test('is not relied on for more changes than it remembers', async () => {
    const router = provision({ version: '7.24' });
    const api = await pass(connect(router, never));
    const many = Array.from({ length: 90 }, (_, at) =>
      rule({ 'src-address': `10.7.${at}.0/24` }, `tenant-tunnel profile guard/${at}`),
    );
    expect(await run(router, api, many)).toEqual({ state: 'Kept', safeMode: false });
    api.close();
    await pass(router.stop());
  });

  test.each([false, true])(
    'that a session of ours held, which was cut, is waited for (others may end it: %p)',
    async (unrollsForOthers) => {
      const router = provision({ version: '7.24', unrollsForOthers });
      const before = router.os.snapshot();
      const api = await pass(connect(router, never));
      const work = run(router, api, [rule({ chain: 'input' })]);
      await work.catch(() => {});
      router.isCut = true;
      api.close();
      router.isCut = false;
      const again = await pass(connect(router, never));
      const { found: answer } = await pass(settleUndo(again));
      expect(['Clear', 'Undone', 'Busy']).toContain(answer);
      again.close();
      await wait(700_000);
      const last = await pass(connect(router, never));
      expect((await pass(settleUndo(last))).found).toBe('Clear');
      expect(Object.keys(router.os.snapshot())).toEqual(Object.keys(before));
      last.close();
      await pass(router.stop());
    },
  );
});

describe('a change of users', () => {
  const rename = (router: DeskRouter): Change => {
    const user = router.rows('/user').find(({ name }) => name === USER);
    return {
      kind: 'set',
      path: '/user',
      id: user?.['.id'] ?? '',
      values: { comment: 'x', disabled: 'false' },
      was: { comment: null, disabled: 'false' },
    };
  };

  test('is refused where device-mode forbids what would undo it after a restart', async () => {
    const router = provision({ version: '7.24', deviceMode: 'home' });
    const before = router.os.snapshot();
    const api = await pass(connect(router, never));
    const outcome = await run(router, api, [rename(router)]);
    expect(outcome).toMatchObject({ state: 'Refused' });
    expect(String(outcome.state === 'Refused' ? outcome.because : '')).toContain(
      'not allowed by device-mode',
    );
    expect(await run(router, api, [rule({})])).toEqual({ state: 'Kept', safeMode: true });
    api.close();
    expect(router.os.snapshot()['/user']).toEqual(before['/user']);
    await wait(10_000);
    expectNothingLeft(router);
    await pass(router.stop());
  });
});

describe('what an earlier session has left', () => {
  test('is undone before anything else is changed', async () => {
    const router = provision({ version: '7.16.2' });
    const before = router.os.snapshot();
    const first = await pass(connect(router, never));
    router.onWrite = () => {
      // The first change has been sent: from here on nobody hears of this session again.
      if (comments(router).includes(MARK)) router.isCut = true;
    };
    const cut = underUndo({
      api: first,
      openAnother: async () => {
        throw new Error('the agent is gone');
      },
      changes: [rule({ protocol: 'tcp' })],
      signal: never,
      limits: { commandMs: 500, changeMs: 1_000, putBackMs: 500 },
    });
    expect((await pass(cut)).state).toBe('Undoing');
    first.close();
    router.onWrite = undefined;
    router.isCut = false;
    expect(comments(router)).toContain(MARK);
    const again = await pass(connect(router, never));
    const other = 'tenant-tunnel profile guard/other';
    expect((await run(router, again, [rule({}, other)])).state).toBe('Kept');
    expect(comments(router)).toContain(other);
    expect(comments(router)).not.toContain(MARK);
    again.close();
    await wait(200_000);
    expect(comments(router)).toContain(other);
    expectNothingLeft(router);
    expect(router.os.snapshot()['/tool/netwatch']).toEqual(before['/tool/netwatch']);
    await pass(router.stop());
  });

  test('keeps changes away for as long as it lasts', async () => {
    const router = provision({ version: '7.24' });
    const first = await pass(connect(router, never));
    await pass(first.command(['/safe-mode/take']));
    router.isCut = true;
    first.close();
    router.isCut = false;
    const again = await pass(connect(router, never));
    const refused = await run(router, again, [rule({})]);
    expect(refused).toMatchObject({ state: 'Refused' });
    expect(String(refused.state === 'Refused' ? refused.because : '')).toContain(
      'still undoing an earlier change',
    );
    await wait(600_000);
    expect((await run(router, again, [rule({})])).state).toBe('Kept');
    again.close();
    await pass(router.stop());
  });
});
