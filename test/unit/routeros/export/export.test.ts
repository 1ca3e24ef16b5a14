import { Duplex } from 'node:stream';
import { type CommandOptions, RouterOsApi } from '../../../../src/routeros/api/client.ts';
import { askExport } from '../../../../src/routeros/export/ask-export.ts';
import { END, readExport } from '../../../../src/routeros/export/export-text.ts';
import { withoutSensitive } from '../../../../src/routeros/export/sensitive.ts';
import { RouterOs, type RouterOsOptions } from '../../../simulator/engine/index.ts';
import { serveApi } from '../../../simulator/machine/api/without-linux.ts';
import { processorMs } from '../../../testbed/processor-time.ts';
import { PRIVATE_KEY, VERSIONS } from '../../simulator/routers.ts';

function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex | undefined) =>
    new Duplex({
      read() {},
      write: (chunk, _encoding, done) => {
        other()?.push(chunk);
        done();
      },
      final: (done) => {
        other()?.push(null);
        done();
      },
    });
  ends.push(
    make(() => ends[1]),
    make(() => ends[0]),
  );
  return ends as [Duplex, Duplex];
}

class Site {
  clock = Date.UTC(2026, 0, 2, 3, 4, 5);
  readonly os: RouterOs;

  constructor(version: string, options: Partial<RouterOsOptions> = {}) {
    this.os = new RouterOs({
      version,
      board: 'hAP ax2',
      serialNumber: 'HD508',
      defaultFirewall: true,
      now: () => this.clock,
      ...options,
    });
  }

  async ask(secrets: string[] = [], user = 'admin', options: CommandOptions = {}) {
    const [near, far] = pair();
    serveApi(far, { os: this.os, saysEmpty: false });
    const api = new RouterOsApi(near);
    try {
      await api.login(user, '');
      return await askExport(api, secrets, options);
    } finally {
      api.close();
    }
  }

  type(text: string): void {
    expect(this.os.terminal().paste(text)).toBe('');
  }
}

describe.each(VERSIONS)('on RouterOS %s', (version) => {
  test('the whole configuration comes, and it is the same until something is changed', async () => {
    const site = new Site(version);
    site.type('/system/identity/set name="Zürich \\$1"');
    const first = await site.ask();
    expect(first.version).toBe(version);
    expect(first.text).toContain(`/system identity set name="Z\\C3\\BCrich \\$1"`);
    expect(first.text).toContain('by RouterOS');
    expect(first.text).not.toContain('\r');
    site.clock += 86_400_000;
    const later = await site.ask();
    expect(later.text).not.toBe(first.text);
    expect(later.content).toBe(first.content);
    site.type('/ip/pool/add name=guests ranges=10.5.50.2-10.5.50.9');
    expect((await site.ask()).content).not.toBe(first.content);
  });

  test('what is sensitive is not in it, and nothing is written on the router', async () => {
    const site = new Site(version, { freeStorageBytes: 0 });
    site.type(`/interface/wireguard/add name=wg listen-port=1 private-key="${PRIVATE_KEY}"`);
    site.type('/radius/add address=10.0.0.1 secret=open-sesame service=hotspot');
    const before = site.os.snapshot();
    const { text } = await site.ask();
    expect(text).toContain('/radius add');
    expect(text).not.toContain(PRIVATE_KEY);
    expect(text).not.toContain('open-sesame');
    expect(site.os.snapshot()).toEqual(before);
    expect(site.os.rows('/system/script/job')).toEqual([]);
  });
});

test('a user who may only read is enough', async () => {
  const site = new Site('7.16.2');
  site.type('/user/group/add name=reading policy=read,api');
  site.type('/user/add name=reader group=reading password=""');
  expect((await site.ask([], 'reader')).text).toContain('/ip address');
});

const HEAD = '# nov/27/2026 04:20:37 by RouterOS 7.9.2\r\n# software id = \r\n#\r\n';
const said = (...lines: string[]): string => `${HEAD}${lines.join('\r\n')}\r\n${END}\r\n`;

test('remarks about the moment are no change', () => {
  const one = readExport(said('# ether2 not ready', '/ip pool add name=a'), []);
  const other = readExport(said('/ip pool add name=a', '# no link'), []);
  expect(one.content).toBe(other.content);
  expect(readExport(said('/ip pool add name=b'), []).content).not.toBe(one.content);
  const upgraded = said('/ip pool add name=a').replace('7.9.2', '7.16');
  expect(readExport(upgraded, []).content).not.toBe(one.content);
});

test.each([
  ['cut in the middle', said('/ip pool add name=a').replace(END, ''), 'TooLarge', /the first \d+ bytes/],
  ['nothing', '', 'ProtocolViolation', /with nothing\./],
  ['a refusal', 'bad command name export (line 1 column 2)\r\n', 'ProtocolViolation', /bad command name/],
  [
    'a change under way',
    said('/tool netwatch add comment="tenant-tunnel: undo of 12ab" test-script="x"'),
    'Trap',
    /still undoing/,
  ],
])('%s is an error that says so', (_what, text, code, message) => {
  let error: unknown;
  try {
    readExport(text, []);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a secret of ours is masked wherever a router has it', () => {
  const { text } = readExport(said('/system script add source="x long-password-1 y"'), [
    'long-password-1',
    '',
  ]);
  expect(text).toContain('source="x ***** y"');
});

test('sensitive properties lose their values, and text in quotes is left as it is', () => {
  const line = (word: string) => `/a add name=b ${word} comment="password=c d"\n`;
  for (const word of ['password="x \\" y"', 'wpa2-pre-shared-key=abc', 'secret=abc', 'private-key="a="'])
    expect(withoutSensitive(line(word))).toBe(line(`${word.split('=')[0]}=""`));
  for (const word of ['password-length=8', 'passwords=abc', 'name="secret=abc"', '"'])
    expect(withoutSensitive(line(word))).toBe(line(word));
});

test('the time it takes grows with the text alone', () => {
  const hostile = `${'"\\"'.repeat(80_000)} password=`;
  const started = processorMs();
  withoutSensitive(hostile);
  // In proportion it takes some ms; with the square of it minutes.
  expect(processorMs() - started).toBeLessThan(5_000);
});
