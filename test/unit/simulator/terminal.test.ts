import type { World } from '../../simulator/engine/index.ts';
import { makeRouter, paste } from './routers.ts';

describe('keys act while text is pasted', () => {
  // Manual, "Command Line Interface"; wiki, "Console login process".
  test('? lists what could follow and is not in the text', () => {
    const router = makeRouter();
    expect(paste(router, '/system/identity/set name="a?b"')).not.toBe('');
    expect(router.rows('/system/identity')[0]?.name).toBe('ab');
    expect(paste(router, '/system/identity/set name="a\\3Fb"')).toBe('');
    expect(router.rows('/system/identity')[0]?.name).toBe('a?b');
  });
  test('Tab completes a word and lists several', () => {
    expect(paste(makeRouter(), '/system id\tprint')).toBe('  name: MikroTik\n');
    expect(paste(makeRouter(), '/ip \t')).toContain('firewall');
  });
  test('Ctrl-C forgets the line and the open block', () => {
    expect(paste(makeRouter(), '{\n:put a\n\x03:put b\n')).toBe('b\n');
  });
  test('backspace takes a character back', () => {
    expect(paste(makeRouter(), ':put ab\bc')).toBe('ac\n');
  });
  test('an escape sequence leaves nothing', () => {
    expect(paste(makeRouter(), ':put a\x1b[Db')).toBe('ab\n');
  });
  test('Ctrl-V and Ctrl-X switch modes, visibly', () => {
    expect(paste(makeRouter(), '\x16')).toContain('HotLock');
    expect(paste(makeRouter(), '\x18')).toContain('Safe Mode');
  });
});

describe('lines', () => {
  test('end in LF, CR LF or CR', () => {
    expect(paste(makeRouter(), ':put a\r\n:put b\r:put c\n')).toBe('a\nb\nc\n');
  });
  test('are joined by a backslash', () => {
    expect(paste(makeRouter(), ':put \\\n  joined')).toBe('joined\n');
    expect(paste(makeRouter(), ':put a \\ # no comment here\n')).toMatch(/\(line 1 column/);
  });
  test('may be comments, also behind a command that ended', () => {
    expect(paste(makeRouter(), '# { " [\n:put a; # and this\n')).toBe('a\n');
  });
  test('an open block waits for its end, in the next paste too', () => {
    const terminal = makeRouter().terminal();
    expect(terminal.paste('{\n:put a\n')).toBe('');
    expect(terminal.paste('}\n')).toBe('a\n');
  });
});

describe('menus', () => {
  test('are entered, left by .. and /, and may be shortened', () => {
    const terminal = makeRouter().terminal();
    expect(terminal.paste('/system\nidentity print')).toBe('  name: MikroTik\n');
    expect(terminal.paste('identity\nset name=x\nprint\n..\nid pr\n/\n:put root')).toBe(
      '  name: x\n  name: x\nroot\n',
    );
    expect(terminal.paste('/sys id pr')).toBe('  name: x\n');
  });
  test('hold for the rest of a block', () => {
    expect(paste(makeRouter(), '{\n/system identity\nset name=y\n:put [get name]\n}')).toBe('y\n');
  });
  test('take a block of their own', () => {
    expect(paste(makeRouter(), '/system identity { set name=z; :put [get name] }')).toBe('z\n');
  });
});

test('in a living world a script waits, resolves and pings', async () => {
  const asked: string[] = [];
  const world: World = {
    delay: async (milliseconds) => {
      asked.push(`delay ${milliseconds}`);
    },
    resolve: async (name) => (name === 'vpn.example' ? '203.0.113.7' : undefined),
    ping: async ({ address, count }) => {
      asked.push(`ping ${address} ${count}`);
      return 2;
    },
  };
  const text = '{ :delay 1500ms; :put [:resolve "vpn.example"]; :put [/tool/ping 10.0.0.1 count=3] }';
  expect(await makeRouter().terminal().pasteInto(world, text)).toBe(
    '203.0.113.7\n    sent=3 received=2\n2\n',
  );
  expect(asked).toEqual(['delay 1500', 'ping 10.0.0.1 3']);
});
