import { jest } from '@jest/globals';
import { ROUTER_ACTS_WITHIN_MS, underUndo } from '../../../../src/routeros/undo/index.ts';
import { TCP_TIMEOUT_MS } from '../../../simulator/desk/link.ts';
import { connect, holdTime, never, pass, provision, reconnect, wait } from './desk.ts';
import { LOCK_OUTS } from './lockouts.ts';

beforeEach(holdTime);
afterEach(() => {
  jest.useRealTimers();
});

test('there are fifty ways to lock oneself out', () => {
  expect(new Set(LOCK_OUTS.map(({ name }) => name)).size).toBe(50);
});

describe.each(['7.9.2', '7.16.2', '7.24'])('on RouterOS %s', (version) => {
  let undone = 0;
  afterAll(() => {
    process.stdout.write(`RouterOS ${version}: ${undone} of ${LOCK_OUTS.length} lock-outs undone and told\n`);
  });

  test.each(LOCK_OUTS)(
    '$name: undone, and told',
    async ({ changes }) => {
      const router = provision({ version });
      await wait(60_000);
      const before = router.os.snapshot();
      expect(router.obstacle()).toBeUndefined();
      const api = await pass(connect(router, never));
      const began = Date.now();
      const outcome = await pass(
        underUndo({
          api,
          openAnother: (signal) => connect(router, signal),
          changes: changes(router),
          signal: never,
        }),
      );
      api.close();
      expect(['Undone', 'Undoing']).toContain(outcome.state);
      const again = await pass(reconnect(router), ROUTER_ACTS_WITHIN_MS);
      expect(Date.now() - began).toBeLessThanOrEqual(ROUTER_ACTS_WITHIN_MS);
      again.close();
      await wait(ROUTER_ACTS_WITHIN_MS - (Date.now() - began));
      expect(router.os.snapshot()).toEqual(before);
      if (router.rows('/safe-mode')[0]?.enabled === 'true') {
        // A session of ours that was cut held it; the router lets go of it only now.
        await wait(TCP_TIMEOUT_MS);
        expect(router.rows('/safe-mode')[0]?.enabled).toBe('false');
        expect(router.os.snapshot()).toEqual(before);
      }
      expect(router.rows('/system/script/job')).toEqual([]);
      undone += 1;
      await pass(router.stop());
    },
    60_000,
  );
});
