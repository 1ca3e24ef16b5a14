import fc from 'fast-check';
import { RouterOsError, type RouterOsErrorCode } from '../../../src/routeros/index.ts';
import { fakeRouters, tagOf } from './fake-router.ts';
import { sentence } from './wire.ts';

/** The error of a promise that must fail with one of ours. */
async function failure(promise: Promise<unknown>): Promise<RouterOsError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof RouterOsError) return error;
  throw error;
}

const start = fakeRouters();

describe('logging in', () => {
  test('sends name and password without a tag and takes !done for a yes', async () => {
    const router = start();
    const login = router.api.login('tenant-tunnel', 's=cret');
    expect(await router.next()).toEqual(['/login', '=name=tenant-tunnel', '=password=s=cret']);
    router.say('!done');
    await expect(login).resolves.toBeUndefined();
  });

  test('refused, says what to do, and the session can be used to try again', async () => {
    const router = start();
    const login = router.api.login('u', 'wrong-password');
    await router.next();
    router.say('!trap', '=message=invalid user name or password (6)');
    router.say('!done');
    const error = await failure(login);
    expect(error.code).toBe('LoginRefused');
    expect(error.message).toContain('paste the script again');
    const again = router.api.login('u', 'right-password');
    await router.next();
    router.say('!done');
    await again;
  });

  test('never shows the password, even if the router says it back', async () => {
    const router = start();
    const login = router.api.login('u', 'Sup3r-Secret');
    await router.next();
    router.say('!trap', '=message=no: Sup3r-Secret is not it');
    router.say('!done');
    const error = await failure(login);
    expect(error.code).toBe('Trap');
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('Sup3r-Secret');
  });

  test('a router that wants the log-in of RouterOS 6 is told apart', async () => {
    const router = start();
    const login = router.api.login('u', 'p');
    await router.next();
    router.say('!done', '=ret=0123456789abcdef0123456789abcdef');
    expect((await failure(login)).code).toBe('ProtocolViolation');
  });

  test('before it, the router ends the session with a bare word', async () => {
    const router = start();
    const command = router.api.command({ path: '/system/identity/print' });
    await router.next();
    router.say('!fatal', 'not logged in');
    const error = await failure(command);
    expect(error.code).toBe('Fatal');
    expect(error.message).toContain('not logged in');
    await router.closed;
  });
});

describe('commands', () => {
  test('answers come back to their command, in whatever order the router gives them', async () => {
    const router = start();
    const first = router.api.command({ path: '/interface/print' });
    const second = router.api.command(['/ip/address/print', '?interface=ether1']);
    const firstTag = tagOf(await router.next());
    const secondSentence = await router.next();
    expect(secondSentence.slice(0, 2)).toEqual(['/ip/address/print', '?interface=ether1']);
    const secondTag = tagOf(secondSentence);
    router.say('!re', '=address=10.0.0.1/8', secondTag);
    router.say('!re', '=name=ether1', firstTag);
    router.say('!done', secondTag);
    expect((await second).rows.map((row) => row.address)).toEqual(['10.0.0.1/8']);
    router.say('!re', '=name=ether2', firstTag);
    router.say('!done', firstTag);
    expect((await first).rows.map((row) => row.name)).toEqual(['ether1', 'ether2']);
  });

  test('a sentence whose first word is no reply fails everything under way', async () => {
    const router = start();
    const commands = [
      router.api.command({ path: '/interface/print' }),
      router.api.command(['/ip/address/print']),
    ];
    const tag = tagOf(await router.next());
    router.say(tag, '!re');
    for (const command of commands) expect((await failure(command)).code).toBe('ProtocolViolation');
  });

  test('rows, empty rows and what !done returns', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' });
    const tag = tagOf(await router.next());
    router.say('!re', tag, '=name=a=b=c', '=comment=', '=.id=*1');
    router.say('!re', tag);
    router.say('!done', '=ret=*5', tag);
    const { rows, done, truncated } = await command;
    expect(rows.map((row) => ({ ...row }))).toEqual([{ name: 'a=b=c', comment: '', '.id': '*1' }, {}]);
    expect({ ...done }).toEqual({ ret: '*5' });
    expect(truncated).toBe(false);
  });

  test('a property cannot reach the prototype of a row', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' });
    const tag = tagOf(await router.next());
    router.say('!re', '=__proto__=x', '=constructor=y', tag);
    router.say('!done', tag);
    const [row] = (await command).rows;
    expect(Object.keys(row ?? {})).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('!empty, as RouterOS says from 7.18 on, is no rows', async () => {
    const router = start();
    const command = router.api.command({ path: '/ip/address/print' });
    const tag = tagOf(await router.next());
    router.say('!empty', tag);
    router.say('!done', tag);
    expect((await command).rows).toEqual([]);
  });

  test.each<[string, RouterOsErrorCode, string[]]>([
    ['not enough permissions (9)', 'NotPermitted', []],
    ['no such command prefix', 'NoSuchCommand', ['=category=0']],
    ['no such command or directory (routerboard)', 'NoSuchCommand', []],
    ['failure: already have such address', 'Trap', ['=category=4']],
    ['no such item', 'Trap', []],
  ])('the trap %j is %s, and the !done after it belongs to it', async (message, code, more) => {
    const router = start();
    const command = router.api.command({ path: '/x/y' });
    const tag = tagOf(await router.next());
    router.say('!trap', ...more, `=message=${message}`, tag);
    router.say('!done', tag);
    const error = await failure(command);
    expect([error.code, error.category]).toEqual([
      code,
      more[0] === undefined ? undefined : Number(more[0].at(-1)),
    ]);
    const next = router.api.command({ path: '/x/z' });
    const nextTag = tagOf(await router.next());
    router.say('!done', nextTag);
    await next;
  });

  test('what a router says in a trap is shortened, on one line, and without the secrets that were sent', async () => {
    const router = start();
    const command = router.api.command({
      path: '/user/set',
      attributes: { password: 'hunter22', name: 'u' },
    });
    const tag = tagOf(await router.next());
    router.say('!trap', `=message=bad\r\n\u001b[31m hunter22 ${'x'.repeat(5000)}`, tag);
    router.say('!done', tag);
    const { message } = await failure(command);
    expect(message).not.toContain('hunter22');
    expect(message).toMatch(/^[^\p{C}]*$/u);
    expect(message.length).toBeLessThan(300);
  });
});

describe('giving up', () => {
  test('a command without an answer in time fails, is cancelled, and what still comes for it is dropped', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/listen' }, { timeoutMs: 20 });
    const tag = tagOf(await router.next());
    expect((await failure(command)).code).toBe('Timeout');
    const cancel = await router.next();
    expect(cancel.slice(0, 2)).toEqual(['/cancel', `=${tag.slice(1)}`]);
    router.say('!re', '=name=late', tag);
    router.say('!trap', '=category=2', '=message=interrupted', tag);
    router.say('!done', tag);
    router.say('!done', tagOf(cancel));
    const next = router.api.command({ path: '/system/identity/print' });
    const nextTag = tagOf(await router.next());
    router.say('!re', '=name=here', nextTag);
    router.say('!done', nextTag);
    expect((await next).rows.map((row) => row.name)).toEqual(['here']);
  });

  test('a signal ends a command at once and cancels it on the router', async () => {
    const router = start();
    const abort = new AbortController();
    const command = router.api.command({ path: '/interface/listen' }, { signal: abort.signal });
    await router.next();
    abort.abort();
    expect((await failure(command)).code).toBe('Aborted');
    expect((await router.next())[0]).toBe('/cancel');
    expect((await failure(router.api.command(['/quit'], { signal: abort.signal }))).code).toBe('Aborted');
  });

  test('enough rows are enough: the rest is cancelled and the answer says that there is more', async () => {
    const router = start({ limits: { maxReplies: 3 } });
    const command = router.api.command({ path: '/interface/print' }, { takeRows: 2 });
    const tag = tagOf(await router.next());
    for (let row = 0; row < 50; row += 1) router.say('!re', `=name=ppp${row}`, tag);
    const { rows, truncated } = await command;
    expect([rows.map((row) => row.name), truncated]).toEqual([['ppp0', 'ppp1'], true]);
    expect((await router.next()).slice(0, 2)).toEqual(['/cancel', `=${tag.slice(1)}`]);
    router.say('!done', tag);
    expect(router.isClosed).toBe(false);
  });

  test('exactly as many rows as asked for are not called truncated', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' }, { takeRows: 1 });
    const tag = tagOf(await router.next());
    router.say('!re', '=name=only', tag);
    router.say('!done', tag);
    expect((await command).truncated).toBe(false);
  });

  test('the session as a whole has a time limit of its own', async () => {
    const router = start({ sessionTimeoutMs: 30 });
    const command = router.api.command({ path: '/interface/listen' });
    expect((await failure(command)).code).toBe('Timeout');
    await router.closed;
    expect((await failure(router.api.command(['/quit']))).code).toBe('Timeout');
  });

  test('a router that owes too many answers loses its session', async () => {
    const router = start();
    const commands = Array.from({ length: 40 }, () =>
      failure(router.api.command({ path: '/interface/listen' }, { timeoutMs: 10 })),
    );
    for (const error of await Promise.all(commands)) expect(error.code).toBe('Timeout');
    await router.closed;
  });

  test('the router hanging up midway fails what is under way', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' });
    const tag = tagOf(await router.next());
    router.say('!re', '=name=ether1', tag);
    router.hangUp();
    expect((await failure(command)).code).toBe('Closed');
    expect((await failure(router.api.command(['/quit']))).code).toBe('Closed');
  });
});

describe('a hostile router', () => {
  test('rows without end are cut off by the limit of replies', async () => {
    const router = start({ limits: { maxReplies: 100 } });
    const command = router.api.command({ path: '/interface/print' });
    const tag = tagOf(await router.next());
    for (let row = 0; row < 101; row += 1) router.say('!re', `=n=${row}`, tag);
    expect((await failure(command)).code).toBe('TooLarge');
    await router.closed;
  });

  test('bytes without end are cut off by the limit of bytes, also for a command already given up', async () => {
    const router = start({ limits: { maxCommandBytes: 50_000 } });
    const command = router.api.command({ path: '/interface/print' }, { takeRows: 1 });
    const tag = tagOf(await router.next());
    const row = ['!re', `=comment=${'x'.repeat(1000)}`, tag];
    for (let sent = 0; sent < 60; sent += 1) router.say(...row);
    expect((await command).truncated).toBe(true);
    await router.closed;
    expect((await failure(router.api.command(['/quit']))).code).toBe('TooLarge');
  });

  test('traps without end are cut off', async () => {
    const router = start({ limits: { maxCommandBytes: 10_000 } });
    const command = router.api.command({ path: '/interface/print' });
    const tag = tagOf(await router.next());
    for (let sent = 0; sent < 1000; sent += 1) router.say('!trap', '=message=again', tag);
    expect((await failure(command)).code).toBe('TooLarge');
  });

  test.each<[string, Uint8Array, RouterOsErrorCode]>([
    ['a word of 4 GiB', Buffer.from('f0ffffffff', 'hex'), 'TooLarge'],
    ['a reserved control byte', Buffer.from('ff', 'hex'), 'ProtocolViolation'],
    ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'ProtocolViolation'],
    ['zeros without end', Buffer.alloc(1_000_000), 'ProtocolViolation'],
    [
      'an answer to a command that was not given',
      Buffer.from('0521646f6e65082e7461673d39393900', 'hex'),
      'ProtocolViolation',
    ],
    ['an answer without a tag', Buffer.from('0521646f6e6500', 'hex'), 'ProtocolViolation'],
  ])('%s ends the session with an error of its own', async (_what, bytes, code) => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' });
    await router.next();
    // Zeros fill up what the text of an HTTP server takes for a word, and end its sentence.
    void router.sayBytes(Buffer.concat([bytes, Buffer.alloc(200)]));
    expect((await failure(command)).code).toBe(code);
    await router.closed;
  });

  test('megabytes of a sentence that never ends are not held', async () => {
    const router = start();
    const command = router.api.command({ path: '/interface/print' });
    await router.next();
    const word = Buffer.concat([Buffer.from('c04000', 'hex'), Buffer.alloc(0x4000, 0x61)]);
    for (let sent = 0; sent < 200 && !router.isClosed; sent += 1) void router.sayBytes(word);
    expect((await failure(command)).code).toBe('TooLarge');
  });

  test('whatever bytes come, a command ends with an answer or one of our errors', async () => {
    const words = fc.constantFrom(
      '!re',
      '!done',
      '!trap',
      '!empty',
      '!fatal',
      '.tag=1',
      '.tag=2',
      '=a=b',
      '=',
      '!',
    );
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(words, { minLength: 1, maxLength: 4 }).map((sentenceWords) => sentence(...sentenceWords)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 8 }), async (chunks) => {
        const router = start();
        const command = router.api.command({ path: '/interface/print' });
        await router.next();
        for (const bytes of chunks) void router.sayBytes(bytes);
        router.hangUp();
        const outcome = await command.then(
          () => 'answered',
          (error: unknown) => (error instanceof RouterOsError ? error.code : error),
        );
        expect(['answered', 'Trap', 'Fatal', 'TooLarge', 'ProtocolViolation', 'Closed']).toContain(outcome);
        await router.closed;
      }),
      { numRuns: 1000 },
    );
  });
});
