import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { namespacePath } from '../../testbed/namespaces.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { waitFor } from '../../testbed/wait.ts';
import { ApiClient } from './api-client.ts';

// Clients sit in the router's own namespace: these tests are about the API, not about the way to it.
const LOOPBACK = '127.0.0.1';

describe('the API of a simulated router', () => {
  let network: TestNetwork;
  let router: SimulatedRouter;
  let older: SimulatedRouter;
  const clients: ApiClient[] = [];

  const connect = async (to = router): Promise<ApiClient> => {
    const client = await ApiClient.connect(namespacePath(to.netns), LOOPBACK);
    clients.push(client);
    return client;
  };
  const loggedIn = async (to = router): Promise<ApiClient> => {
    const client = await connect(to);
    expect(await client.login('admin', 'secret')).toEqual([['!done']]);
    return client;
  };

  beforeAll(async () => {
    network = await createTestNetwork('api');
    const start = (name: string, version: string) =>
      SimulatedRouter.start({ network, name, version, adminPassword: 'secret' });
    router = await start('new', '7.22.3');
    older = await start('old', '7.16.2');
  }, 60_000);

  afterEach(() => {
    router.misbehave(undefined);
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(() => network?.destroy());

  test('logs in with name and password, and tells nobody which of the two was wrong', async () => {
    const client = await connect();
    const refusal = [['!trap', '=message=invalid user name or password (6)'], ['!done']];
    expect(await client.login('admin', 'wrong')).toEqual(refusal);
    expect(await client.login('nobody', 'secret')).toEqual(refusal);
    expect(await client.login('admin', 'secret')).toEqual([['!done']]);
  });

  test('ends a connection whose first command is not a login', async () => {
    const client = await connect();
    expect(await client.ask('/system/resource/print')).toEqual([['!fatal', 'not logged in']]);
    await client.closed();
  });

  test('ends a connection that sends too much before it logs in', async () => {
    const client = await connect();
    client.say('/login', `=name=${'x'.repeat(100_000)}`);
    await client.closed();
    const talker = await connect();
    for (let count = 0; count < 50; count += 1) talker.say('/login', '=name=a', '=password=b');
    await talker.closed();
  });

  test('lets a user in only from the addresses that the user may come from', async () => {
    const client = await loggedIn();
    await client.ask('/user/add', '=name=far', '=password=x', '=group=full', '=address=10.9.9.9');
    await client.ask('/user/add', '=name=near', '=password=x', '=group=full', '=address=127.0.0.0/8');
    const other = await connect();
    expect(await other.login('far', 'x')).toEqual([
      ['!trap', '=message=invalid user name or password (6)'],
      ['!done'],
    ]);
    expect(await other.login('near', 'x')).toEqual([['!done']]);
  });

  test('says goodbye to who quits', async () => {
    const client = await loggedIn();
    expect(await client.ask('/quit')).toEqual([['!fatal', 'session terminated on request']]);
    await client.closed();
  });

  test('adds, prints, queries, changes and removes rows, all of it as strings', async () => {
    const client = await loggedIn();
    const [added] = await client.ask('/interface/list/add', '=name=shops', '=comment=für alle "$x"');
    expect(added?.[0]).toBe('!done');
    const id = added?.[1]?.replace('=ret=', '') ?? '';
    expect(id).toMatch(/^\*[0-9A-F]+$/);
    const [row] = await client.ask('/interface/list/print', `?.id=${id}`, '=.proplist=.id,name,comment');
    expect(row?.toSorted()).toEqual(
      ['!re', `=.id=${id}`, '=comment=für alle "$x"', '=name=shops'].toSorted(),
    );
    expect(await client.ask('/interface/list/set', `=.id=${id}`, '=comment=')).toEqual([['!done']]);
    expect(await client.ask('/interface/list/remove', `=.id=${id}`)).toEqual([['!done']]);
    expect(await client.ask('/interface/list/remove', `=.id=${id}`)).toEqual([
      ['!trap', '=category=0', '=message=no such item'],
      ['!done'],
    ]);
  });

  test('says !empty before !done from 7.18 on, and not before', async () => {
    const query = ['/interface/list/print', '?name=none-such'];
    expect(await (await loggedIn(router)).ask(...query)).toEqual([['!empty'], ['!done']]);
    expect(await (await loggedIn(older)).ask(...query)).toEqual([['!done']]);
  });

  test('refuses what it does not know in RouterOS words', async () => {
    const client = await loggedIn();
    const messages = async (...words: string[]) =>
      (await client.ask(...words)).flat().filter((word) => /message/.test(word));
    expect(await messages('/no/such/menu/print')).toEqual(['=message=no such command prefix']);
    expect(await messages('/ip/address/add', '=adress=1.2.3.4')).toEqual([
      '=message=unknown parameter adress',
    ]);
  });

  test('carries the tag of a command in each of its answers, with commands side by side', async () => {
    const client = await loggedIn();
    client.say('/ping', '=address=127.0.0.1', '.tag=ping');
    client.say('/system/identity/print', '.tag=who');
    const heard: string[][] = [];
    while (!heard.some(([type, tag]) => type === '!done' && tag === '.tag=who'))
      heard.push((await client.hear()) ?? []);
    const tags = new Set(heard.map(([, tag]) => tag));
    expect(tags.has('.tag=who')).toBe(true);
    for (const [, tag] of heard) expect(tag).toMatch(/^\.tag=(ping|who)$/);
    client.say('/cancel', '=tag=ping', '.tag=stop');
    const ends: string[] = [];
    while (ends.length < 3) {
      const answer = (await client.hear()) ?? [];
      if (answer[0] !== '!re') ends.push(answer.join(' '));
    }
    expect(ends.toSorted()).toEqual([
      '!done .tag=ping',
      '!done .tag=stop',
      '!trap .tag=ping =category=2 =message=interrupted',
    ]);
  });

  test('tells a listener of new, changed and deleted rows', async () => {
    const [listener, worker] = [await loggedIn(), await loggedIn()];
    listener.say('/interface/list/listen', '.tag=l');
    // Commands of one connection begin in order: once this is answered, the listener listens.
    await listener.ask('/system/identity/print');
    const [added] = await worker.ask('/interface/list/add', '=name=watched');
    const id = added?.[1]?.replace('=ret=', '') ?? '';
    expect(await listener.hear()).toEqual(expect.arrayContaining(['!re', '.tag=l', '=name=watched']));
    await worker.ask('/interface/list/remove', `=.id=${id}`);
    expect(await listener.hear()).toEqual(['!re', '.tag=l', `=.id=${id}`, '=.dead=true']);
  });

  test('from 7.19 lists its open connections as dynamic rows of the service', async () => {
    const rowsOf = async (to: SimulatedRouter) => {
      const client = await loggedIn(to);
      return (await client.ask('/ip/service/print', '?name=api', '?dynamic=true')).filter(
        ([type]) => type === '!re',
      );
    };
    expect((await rowsOf(router)).length).toBeGreaterThan(0);
    expect(await rowsOf(older)).toEqual([]);
  });

  test('restarts when it is told to, answers first, and keeps its configuration', async () => {
    const client = await loggedIn(older);
    await client.ask('/system/identity/set', '=name=kept');
    expect((await client.ask('/system/reboot')).at(-1)?.[0]).toMatch(/^!(done|fatal)$/);
    await client.closed();
    await older.powerOn();
    const again = await loggedIn(older);
    expect((await again.ask('/system/identity/print'))[0]).toContain('=name=kept');
  }, 30_000);

  describe('when it misbehaves', () => {
    test('closes in the middle of a sentence', async () => {
      const client = await loggedIn();
      router.misbehave({ kind: 'cut' });
      expect(await client.ask('/system/resource/print')).toEqual([]);
    });

    test('sends replies without end', async () => {
      const client = await loggedIn();
      router.misbehave({ kind: 'endless' });
      client.say('/system/resource/print');
      for (let count = 0; count < 2000; count += 1) expect((await client.hear())?.[0]).toBe('!re');
    });

    test.each([
      ['a reserved length', 'bad-length', 'reserved'],
      ['a word of 256 MiB', 'huge-word', 'too long'],
    ] as const)('sends %s', async (_name, kind, complaint) => {
      const client = await loggedIn();
      router.misbehave({ kind });
      expect(await client.ask('/system/resource/print')).toEqual([]);
      expect(client.broken).toContain(complaint);
    });

    test('stops in the middle of a word, or sends noise, and leaves the connection open', async () => {
      for (const kind of ['stall', 'garbage'] as const) {
        const client = await loggedIn();
        const before = client.received;
        router.misbehave({ kind });
        client.say('/system/resource/print');
        await waitFor('something', () => client.received > before);
        router.misbehave(undefined);
      }
    });

    test('says nothing at all, already before the login if so told', async () => {
      router.misbehave({ kind: 'silent', beforeLogin: true });
      const client = await connect();
      client.say('/login', '=name=admin', '=password=secret');
      // Another router's whole conversation fits into this one's silence.
      await (await loggedIn(older)).ask('/system/identity/print');
      expect(client.received).toBe(0);
      router.misbehave(undefined);
      expect(await client.login('admin', 'secret')).toEqual([['!done']]);
    });

    test('delays each reply', async () => {
      const client = await loggedIn();
      router.misbehave({ kind: 'slow', delayMs: 100 });
      const begun = performance.now();
      await client.ask('/system/identity/print');
      expect(performance.now() - begun).toBeGreaterThan(150);
    });
  });
});
