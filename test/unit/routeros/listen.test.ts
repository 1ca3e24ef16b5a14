import { RouterOsError, type RouterOsErrorCode } from '../../../src/routeros/index.ts';
import { fakeRouters, tagOf } from './fake-router.ts';

const start = fakeRouters();

const codeOf = (promise: Promise<unknown>): Promise<RouterOsErrorCode | 'none'> =>
  promise.then(
    () => 'none' as const,
    (error: unknown) => {
      if (error instanceof RouterOsError) return error.code;
      throw error;
    },
  );
const LISTEN = { path: '/ip/firewall/filter/listen' };

test('rows come as they change, those that are gone with .dead, and other commands go on', async () => {
  const router = start();
  const heard: unknown[] = [];
  const listening = (async () => {
    for await (const row of router.api.listen(LISTEN)) {
      heard.push({ ...row });
      if (heard.length === 3) break;
    }
  })();
  const tag = tagOf(await router.next());
  router.say('!re', '=.id=*1', '=action=drop', tag);
  const other = router.api.command(['/system/identity/print']);
  const otherTag = tagOf(await router.next());
  router.say('!re', '=name=here', otherTag);
  router.say('!re', '=.id=*1', '=action=accept', tag);
  router.say('!done', otherTag);
  expect((await other).rows).toHaveLength(1);
  router.say('!re', '=.id=*1', '=.dead=true', tag);
  await listening;
  expect(heard).toEqual([
    { '.id': '*1', action: 'drop' },
    { '.id': '*1', action: 'accept' },
    { '.id': '*1', '.dead': 'true' },
  ]);
  const cancel = await router.next();
  expect(cancel.slice(0, 2)).toEqual(['/cancel', `=${tag.slice(1)}`]);
  router.say('!re', '=.id=*2', tag);
  router.say('!trap', '=category=2', '=message=interrupted', tag);
  router.say('!done', tag);
  router.say('!done', tagOf(cancel));
  const next = router.api.command(['/system/identity/print']);
  router.say('!done', tagOf(await router.next()));
  expect((await next).rows).toEqual([]);
});

test('what has come is read before what ended it', async () => {
  const router = start();
  const rows = router.api.listen(LISTEN);
  const tag = tagOf(await router.next());
  router.say('!re', '=.id=*1', tag);
  router.hangUp();
  await router.closed;
  expect((await rows.next()).value).toEqual({ '.id': '*1' });
  expect(await codeOf(rows.next())).toBe('Closed');
});

test.each<[string, string[], RouterOsErrorCode | 'none']>([
  ['no such command', ['!trap', '=category=0', '=message=no such command'], 'NoSuchCommand'],
  ['not permitted', ['!trap', '=message=not enough permissions (9)'], 'NotPermitted'],
])('a router that refuses it says so to whoever reads: %s', async (_what, trap, code) => {
  const router = start();
  const rows = router.api.listen(LISTEN);
  const tag = tagOf(await router.next());
  router.say(...trap, tag);
  router.say('!done', tag);
  expect(await codeOf(rows.next())).toBe(code);
});

test('a signal ends it and cancels it on the router', async () => {
  const router = start();
  const abort = new AbortController();
  const rows = router.api.listen(LISTEN, { signal: abort.signal });
  await router.next();
  const reading = rows.next();
  abort.abort();
  expect(await codeOf(reading)).toBe('Aborted');
  expect((await router.next())[0]).toBe('/cancel');
  expect(await codeOf(router.api.listen(LISTEN, { signal: abort.signal }).next())).toBe('Aborted');
});

test('more changes than anybody reads end the listening, and not the session', async () => {
  const router = start();
  const rows = router.api.listen(LISTEN, { mostWaiting: 3 });
  const tag = tagOf(await router.next());
  for (let row = 0; row < 5; row += 1) router.say('!re', `=.id=*${row}`, tag);
  expect((await router.next()).slice(0, 2)).toEqual(['/cancel', `=${tag.slice(1)}`]);
  for (let row = 0; row < 3; row += 1) expect((await rows.next()).value).toEqual({ '.id': `*${row}` });
  expect(await codeOf(rows.next())).toBe('TooLarge');
  expect(router.isClosed).toBe(false);
});

test('any number of changes may come, as long as they are read', async () => {
  const router = start({ limits: { maxCommandBytes: 2_000, maxReplies: 10 } });
  const rows = router.api.listen(LISTEN);
  const tag = tagOf(await router.next());
  for (let row = 0; row < 200; row += 1) {
    router.say('!re', `=.id=*${row}`, '=comment=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', tag);
    expect((await rows.next()).value).toMatchObject({ '.id': `*${row}` });
  }
});

test('bytes that nobody reads are bounded', async () => {
  const router = start({ limits: { maxCommandBytes: 10_000 } });
  const rows = router.api.listen(LISTEN);
  const tag = tagOf(await router.next());
  for (let row = 0; row < 20 && !router.isClosed; row += 1)
    router.say('!re', `=comment=${'x'.repeat(1000)}`, tag);
  await router.closed;
  let read = 0;
  const code = await codeOf(
    (async () => {
      for await (const _ of rows) read += 1;
    })(),
  );
  expect([code, read < 11]).toEqual(['TooLarge', true]);
});
