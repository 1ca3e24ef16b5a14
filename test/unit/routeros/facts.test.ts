import { ROUTER_STATUS_LIMITS } from '../../../src/api/index.ts';
import { needStorage, RouterOsError, readFacts, setIdentity } from '../../../src/routeros/index.ts';
import { FakeRouter, tagOf } from './fake-router.ts';

type Rows = readonly Record<string, string>[];

/** Answers each command by its path: rows, or a trap's message. */
function answering(answers: Record<string, Rows | string>): {
  router: FakeRouter;
  asked: string[][];
  serve: Promise<void>;
} {
  const router = new FakeRouter();
  const asked: string[][] = [];
  const serve = (async () => {
    for (;;) {
      const words = await Promise.race([router.next(), router.closed]);
      if (words === undefined) return;
      asked.push(words);
      const tag = tagOf(words);
      const answer = answers[words[0] ?? ''] ?? [];
      if (typeof answer === 'string') router.say('!trap', `=message=${answer}`, tag);
      else
        for (const row of answer)
          router.say('!re', ...Object.entries(row).map(([name, value]) => `=${name}=${value}`), tag);
      router.say('!done', tag);
    }
  })();
  return { router, asked, serve };
}

async function factsOf(answers: Record<string, Rows | string>) {
  const { router, asked, serve } = answering(answers);
  try {
    return { facts: await readFacts(router.api), asked };
  } finally {
    router.api.close();
    await serve;
  }
}

const HAP: Record<string, Rows> = {
  '/system/identity/print': [{ name: 'Zürich West' }],
  '/system/resource/print': [{ version: '7.16.2 (stable)', 'board-name': 'hAP ax^3' }],
  '/system/routerboard/print': [{ model: 'C53UiG+5HPaxD2HPaxD', 'serial-number': 'HD608ABCDEF' }],
  '/interface/print': [
    {
      '.id': '*1',
      name: 'ether1',
      type: 'ether',
      'mac-address': '48:A9:8A:00:00:01',
      running: 'true',
      disabled: 'false',
    },
    { '.id': '*9', name: 'tenant-tunnel', type: 'wg', running: 'true', disabled: 'false' },
    {
      '.id': '*A',
      name: 'ether2',
      type: 'ether',
      'mac-address': '48:A9:8A:00:00:02',
      running: 'false',
      disabled: 'true',
    },
  ],
};

describe('room for settings', () => {
  const said = async (free: string | undefined): Promise<number | undefined> => {
    const row = { version: '7.16.2', ...(free === undefined ? {} : { 'free-hdd-space': free }) };
    const { facts } = await factsOf({ ...HAP, '/system/resource/print': [row] });
    return facts.freeStorageBytes;
  };

  test.each([
    ['99614720', 99_614_720],
    ['0', 0],
    ['1.5MiB', 1_572_864],
    ['many', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('%p is read as %p', async (text, bytes) => {
    expect(await said(text)).toBe(bytes);
  });

  test('is asked for before a change that must not come undone', () => {
    expect(() => needStorage({})).not.toThrow();
    expect(() => needStorage({ freeStorageBytes: 1_000_000 })).not.toThrow();
    expect(() => needStorage({ freeStorageBytes: 4096 })).toThrow(/not enough storage space.*4096 bytes/);
  });
});

describe('reading facts', () => {
  test('of a router: identity, version, board, model, serial number and interfaces', async () => {
    const { facts, asked } = await factsOf(HAP);
    expect(facts).toEqual({
      identity: 'Zürich West',
      version: '7.16.2 (stable)',
      boardName: 'hAP ax^3',
      model: 'C53UiG+5HPaxD2HPaxD',
      serialNumber: 'HD608ABCDEF',
      interfaces: [
        { name: 'ether1', type: 'ether', macAddress: '48:A9:8A:00:00:01', running: true, disabled: false },
        { name: 'tenant-tunnel', type: 'wg', running: true, disabled: false },
        { name: 'ether2', type: 'ether', macAddress: '48:A9:8A:00:00:02', running: false, disabled: true },
      ],
      interfacesTruncated: false,
    });
    for (const words of asked) expect(words.some((word) => word.startsWith('=.proplist='))).toBe(true);
  });

  test('of a CHR, which has no RouterBOARD: no model and no serial number', async () => {
    const { facts } = await factsOf({
      ...HAP,
      '/system/resource/print': [{ version: '7.20.8 (long-term)', 'board-name': 'CHR QEMU Standard PC' }],
      '/system/routerboard/print': 'no such command prefix',
    });
    expect(facts.boardName).toBe('CHR QEMU Standard PC');
    expect('model' in facts || 'serialNumber' in facts).toBe(false);
  });

  test('any other refusal is an error', async () => {
    await expect(
      factsOf({ ...HAP, '/system/routerboard/print': 'not enough permissions (9)' }),
    ).rejects.toMatchObject({ code: 'NotPermitted' });
  });

  test('leaves dynamic interfaces out, which come and go with each session', async () => {
    const sessions = Array.from({ length: 500 }, (_, index) => ({
      name: `<pppoe-${index}>`,
      type: 'pppoe-in',
      dynamic: 'true',
    }));
    const { facts } = await factsOf({
      ...HAP,
      '/interface/print': [...sessions, ...(HAP['/interface/print'] ?? [])],
    });
    expect(facts.interfaces.map(({ name }) => name)).toEqual(['ether1', 'tenant-tunnel', 'ether2']);
    expect(facts.interfacesTruncated).toBe(false);
  });

  test('a router with more interfaces than a status holds: the first of them, and that there are more', async () => {
    const many = Array.from({ length: 6000 }, (_, index) => ({ name: `vlan${index}`, type: 'vlan' }));
    const { facts } = await factsOf({ ...HAP, '/interface/print': many });
    expect(facts.interfaces).toHaveLength(ROUTER_STATUS_LIMITS.interfaces);
    expect(facts.interfaces.at(-1)?.name).toBe(`vlan${ROUTER_STATUS_LIMITS.interfaces - 1}`);
    expect(facts.interfacesTruncated).toBe(true);
  });

  test('hostile values end up short, on one line and without control characters', async () => {
    const evil = `\u0000\u001b[2J\r\n\u2028\u202Eevil${'x'.repeat(5000)}`;
    const row = Object.fromEntries(
      ['name', 'version', 'board-name', 'model', 'serial-number', 'type', 'mac-address'].map((name) => [
        name,
        evil,
      ]),
    );
    const answers = Object.fromEntries(Object.keys(HAP).map((path) => [path, [row]]));
    const { facts } = await factsOf(answers);
    const { fact, interfaceFact } = ROUTER_STATUS_LIMITS;
    const [first] = facts.interfaces;
    for (const text of [facts.version, facts.boardName, facts.model, facts.serialNumber])
      expect(text).toBe(`[2Jevil${'x'.repeat(fact - 7)}`);
    for (const text of [first?.name, first?.type, first?.macAddress])
      expect(text).toBe(`[2Jevil${'x'.repeat(interfaceFact - 7)}`);
  });

  test('an identity is told as it is, so that it can be compared with the one that is wanted', async () => {
    for (const name of [' padded ', '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}', 'a\u00ADb'])
      expect((await factsOf({ ...HAP, '/system/identity/print': [{ name }] })).facts.identity).toBe(name);
    const { facts } = await factsOf({ ...HAP, '/system/identity/print': [{ name: 'x'.repeat(5000) }] });
    expect(facts.identity).toHaveLength(ROUTER_STATUS_LIMITS.fact);
  });

  test('a router that says nothing gives empty facts and no error', async () => {
    const { facts } = await factsOf({});
    expect(facts).toEqual({
      identity: '',
      version: '',
      boardName: '',
      interfaces: [],
      interfacesTruncated: false,
    });
  });
});

describe('setting the identity', () => {
  test('sends exactly that text', async () => {
    const { router, asked, serve } = answering({});
    await setIdentity(router.api, 'Zürich "A" = $x\\');
    router.api.close();
    await serve;
    expect(asked[0]?.slice(0, 2)).toEqual(['/system/identity/set', '=name=Zürich "A" = $x\\']);
  });

  test('refused, it is an error', async () => {
    const { router, serve } = answering({ '/system/identity/set': 'not enough permissions (9)' });
    const error = await setIdentity(router.api, 'x').catch((reason: unknown) => reason);
    router.api.close();
    await serve;
    expect(error).toBeInstanceOf(RouterOsError);
    expect((error as RouterOsError).code).toBe('NotPermitted');
  });
});
