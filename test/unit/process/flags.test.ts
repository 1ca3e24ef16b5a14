import { Command } from 'commander';
import {
  durationParser,
  flag,
  parseBoolean,
  parseGroup,
  parseHostPort,
  parseLabel,
  parseNamePrefix,
  parseSocketPath,
  parseSubdomain,
  runProgram,
} from '../../../src/process/index.ts';

async function run(args: string[], environment: Record<string, string> = {}) {
  let options: Record<string, unknown> | undefined;
  let output = '';
  let errors = '';
  const child = new Command('work')
    .addOption(
      flag('metrics-address', 'host:port', 'where', { parse: parseHostPort, default: '127.0.0.1:80' }),
    )
    .addOption(
      flag('leader-elect', 'boolean', 'whether', { parse: parseBoolean, default: 'true', isSwitch: true }),
    )
    .addOption(flag('name', 'name', 'who', { parse: parseLabel }))
    .action((given) => {
      options = given;
    });
  const program = new Command('tto').version('1.2.3').addCommand(child);
  program.configureOutput({
    writeOut: (text) => {
      output += text;
    },
    writeErr: (text) => {
      errors += text;
    },
  });
  child.copyInheritedSettings(program);
  const kept = { ...process.env };
  Object.assign(process.env, environment);
  try {
    const code = await runProgram(program, args);
    return { code, options, output, errors };
  } finally {
    process.env = kept;
  }
}

describe('a flag', () => {
  test('has its default, which passes the same parser', async () => {
    const { options } = await run(['work', '--name', 'a']);
    expect(options).toEqual({
      metricsAddress: { host: '127.0.0.1', port: 80 },
      leaderElect: true,
      name: 'a',
    });
  });

  test('is taken from its environment variable, and the flag wins over it', async () => {
    const environment = { TTO_METRICS_ADDRESS: ':1', TTO_LEADER_ELECT: 'false', TTO_NAME: 'env' };
    expect((await run(['work'], environment)).options).toEqual({
      metricsAddress: { host: '::', port: 1 },
      leaderElect: false,
      name: 'env',
    });
    expect((await run(['work', '--name=flag', '--leader-elect'], environment)).options).toMatchObject({
      name: 'flag',
      leaderElect: true,
    });
  });

  test('that is wrong ends with exit code 2 and a sentence that names it and says what to write', async () => {
    const fromFlag = await run(['work', '--name', 'No_Name']);
    expect(fromFlag).toMatchObject({ code: 2, options: undefined, output: '' });
    expect(fromFlag.errors).toContain(
      "option '--name <name>' argument 'No_Name' is invalid. Write a name of",
    );
    const fromEnvironment = await run(['work'], { TTO_NAME: '' });
    expect(fromEnvironment.code).toBe(2);
    expect(fromEnvironment.errors).toContain("'--name <name>' value '' from env 'TTO_NAME' is invalid");
  });

  test('that is required and missing, or unknown, ends with exit code 2', async () => {
    const missing = await run(['work']);
    expect(missing.code).toBe(2);
    expect(missing.errors).toContain("required option '--name <name>' not specified");
    const unknown = await run(['work', '--name=a', '--metric-address', ':1']);
    expect(unknown.code).toBe(2);
    expect(unknown.errors).toContain('Did you mean --metrics-address?');
  });

  test('is listed by --help with its default and variable, exit code 0', async () => {
    const { code, output } = await run(['work', '--help']);
    expect(code).toBe(0);
    expect(output.replaceAll(/\s+/g, ' ')).toContain(
      '--metrics-address <host:port> where (default: 127.0.0.1:80, env: TTO_METRICS_ADDRESS)',
    );
  });

  test('--version prints the version alone', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, output: '1.2.3\n' });
  });

  test('an unknown subcommand ends with exit code 2', async () => {
    expect(await run(['wrok'])).toMatchObject({ code: 2, options: undefined });
  });
});

describe('values', () => {
  test.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    [':8080', { host: '::', port: 8080 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ])('%s is an address', (text, expected) => {
    expect(parseHostPort(text)).toEqual(expected);
  });
  test.each(['', '8080', 'a:b', '::1:80', '[1.2.3.4]:1', '1.2.3.4:65536', '1.2.3.4:-1', 'a b:1'])(
    '%j is no address',
    (text) => {
      expect(() => parseHostPort(text)).toThrow(/Write HOST:PORT/);
    },
  );

  const duration = durationParser(1_000, 3_600_000);
  test.each([
    ['1s', 1_000],
    ['1500ms', 1_500],
    ['3m', 180_000],
    ['1h', 3_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(duration(text)).toBe(ms);
  });
  test.each(['', '5', '1.5s', '-1s', 's', '1 s', '1d'])('%j is no duration', (text) => {
    expect(() => duration(text)).toThrow(/whole number and a unit/);
  });
  test.each(['999ms', '61m'])('%s is out of bounds, which the sentence names', (text) => {
    expect(() => duration(text)).toThrow('Write a duration from 1s to 3600s.');
  });

  test.each([
    [parseLabel, 'tenant-tunnel-system', ['', 'A', '-a', 'a-', 'a.b', 'a'.repeat(64), 'a\n']],
    [parseSubdomain, 'node-1.example.com', ['', 'a..b', '.a', 'a_b', 'a'.repeat(254)]],
    [parseSocketPath, '/run/a.sock', ['', 'run/a.sock', `/${'a'.repeat(107)}`]],
    [parseGroup, '1000', ['', 'a b', '-1']],
    [parseGroup, 'tenant-tunnel', ['Group', 'a:b']],
    [parseNamePrefix, 'tto-', ['', '../', 'a/b', '-a', 'A', 'ninechars']],
    [parseBoolean, 'true', ['', 'yes', '1', 'TRUE']],
  ] as const)('%p takes %s and refuses its near misses', (parse, good, bad) => {
    expect(() => parse(good)).not.toThrow();
    for (const text of bad) expect(() => parse(text)).toThrow(/^Write /);
  });
});
