import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { RouterAccess } from '../../../src/api/index.ts';
import { configureRouter } from '../../../src/gateway/configuration-session.ts';
import { failureOf } from '../../../src/gateway/router-failure.ts';
import { type RouterFacts, renderScript } from '../../../src/routeros/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import type { Misbehaviour } from '../../simulator/machine/types.ts';
import { BASE } from '../routeros/variants.ts';

const { management, identity } = BASE;
const ACCESS = { ...management, apiPort: 8728 };

interface Attempt {
  version?: string;
  misbehaviour?: Misbehaviour;
  /** Typed by somebody before, after the script. */
  typed?: string[];
  wanted?: string;
  /** The router's clock. */
  now?: number;
  /** What the router has left for settings. */
  freeStorageBytes?: number;
  access?: Partial<RouterAccess>;
}

/** One session with a simulated router that has taken its script; what came of it, and the router. */
async function attempt(how: Attempt) {
  const { version = '7.16.2', misbehaviour, typed = [], wanted = identity, now = Date.UTC(2026, 5, 1) } = how;
  const os = new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => now,
    ...(how.freeStorageBytes === undefined ? {} : { freeStorageBytes: how.freeStorageBytes }),
  });
  // The server, which the script lets in alone, is loopback here.
  os.terminal().paste(renderScript({ ...BASE, server: { ...BASE.server, address: '127.0.0.1' } }));
  for (const line of typed) expect(os.terminal().paste(line)).toBe('');
  const server = createServer((socket) => {
    serveApi(socket, { os, saysEmpty: version !== '7.9.2', misbehaviour });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { facts } = await configureRouter({
      dial: async () => connect(port, '127.0.0.1'),
      access: { ...ACCESS, ...how.access },
      revision: undefined,
      identity: wanted,
      signal: new AbortController().signal,
    });
    return { os, facts, failure: undefined };
  } catch (error) {
    return { os, facts: undefined, failure: failureOf(error, ACCESS) };
  } finally {
    server.close();
  }
}

const OTHER = 'another-name';

describe.each(['7.9.2', '7.16.2', '7.24'])('a session with RouterOS %s', (version) => {
  test('sets the name that is wanted', async () => {
    const { os, facts } = await attempt({ version, wanted: OTHER });
    expect((facts as RouterFacts).identity).toBe(OTHER);
    expect(os.rows('/system/identity')[0]?.name).toBe(OTHER);
  });

  test.each<[string, Attempt, string, RegExp]>([
    [
      'a wrong password',
      { typed: ['/user/set [find where name="tenant-tunnel"] password="somethingelse"'] },
      'LoginRefused',
      /Paste the script once more/,
    ],
    [
      'a user that may only read',
      { typed: ['/user/group/set [find where name="tenant-tunnel"] policy=api,read'] },
      'ConfigurationFailed',
      /group lacks a right.*Paste the script once more/,
    ],
    [
      'a full disk',
      { misbehaviour: { kind: 'refusing', message: 'failure: not enough disk space' } },
      'ConfigurationFailed',
      /storage is full.*remove files/,
    ],
    [
      'somebody in safe mode',
      { misbehaviour: { kind: 'refusing', message: 'failure: safe mode is taken by admin' } },
      'ConfigurationFailed',
      /safe mode: nothing is changed until that is released/,
    ],
    [
      'a device-mode that forbids it',
      { misbehaviour: { kind: 'refusing', message: 'failure: not allowed by device-mode' } },
      'ConfigurationFailed',
      /device-mode\/print/,
    ],
    [
      'somebody who removes what was just read',
      { misbehaviour: { kind: 'refusing', message: 'no such item' } },
      'ConfigurationFailed',
      /somebody else changes the router at the same time/,
    ],
    [
      'a restart midway',
      { misbehaviour: { kind: 'rebooting', afterCommands: 2 } },
      'RouterUnreachable',
      /midway, as a router does that restarts/,
    ],
    ['garbage', { misbehaviour: { kind: 'garbage' } }, 'ConfigurationFailed', /does not speak as RouterOS/],
    ['a word of 256 MiB', { misbehaviour: { kind: 'huge-word' } }, 'ConfigurationFailed', /does not speak/],
    ['rows without end', { misbehaviour: { kind: 'endless' } }, 'ConfigurationFailed', /does not speak/],
    ['a reserved length', { misbehaviour: { kind: 'bad-length' } }, 'ConfigurationFailed', /does not speak/],
    ['a cut in a sentence', { misbehaviour: { kind: 'cut' } }, 'RouterUnreachable', /midway/],
  ])('%s is told with what to do', async (_, how, reason, message) => {
    const { failure } = await attempt({ version, wanted: OTHER, ...how });
    expect(failure?.reason).toBe(reason);
    expect(failure?.message).toMatch(message);
    expect(failure?.message).not.toContain(ACCESS.password);
    expect(failure?.message.length).toBeLessThan(700);
  });

  test('a clock in 1970 is no obstacle: nothing in a session looks at it', async () => {
    const { facts } = await attempt({ version, now: Date.UTC(1970, 0, 2), wanted: OTHER });
    expect(facts?.identity).toBe(OTHER);
  });

  test.each([
    [4096, management.password, /4096 bytes are free.*storage is full.*remove files/],
    [10_000_000, 'never shown to anybody', undefined],
  ])('with %p bytes left, the password that it has afterwards is %p', async (bytes, password, told) => {
    const { os, failure } = await attempt({
      version,
      freeStorageBytes: bytes,
      access: { next: 'never shown to anybody', due: true },
    });
    expect(os.authenticate(management.user, password, '127.0.0.1').user).toBe(management.user);
    if (told === undefined) expect(failure).toBeUndefined();
    else expect(failure?.message).toMatch(told);
  });

  test('text in code page 1251 is no obstacle, and the name comes out as it is wanted', async () => {
    const { facts, failure } = await attempt({
      version,
      misbehaviour: { kind: 'codepage' },
      typed: [
        '/system/identity/set name="\\D0\\A0\\D0\\BE\\D1\\83\\D1\\82\\D0\\B5\\D1\\80"',
        '/interface/bridge/set bridge name="\\D0\\BC\\D0\\BE\\D1\\81\\D1\\82"',
      ],
    });
    expect(failure).toBeUndefined();
    expect(facts?.identity).toBe(identity);
    expect(facts?.interfaces.map(({ name }) => name)).toContain('\uFFFD'.repeat(4));
  });
});
