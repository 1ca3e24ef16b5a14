import fc from 'fast-check';
import { createLogger, redact } from '../../../src/process/index.ts';

const SECRET = 'uK3v6bQ0xJmK2v1m0m6d4c8o5T2b1n9r7w3y5z8a1s4=';

function logged(fields: object): string {
  let text = '';
  const logger = createLogger({
    level: 'info',
    process: 'test',
    destination: {
      write: (line) => {
        text += line;
      },
    },
  });
  logger.info(fields, 'hello');
  return text;
}

describe('a log line', () => {
  test('is one JSON object with level, time, process and message', () => {
    const line = JSON.parse(logged({ routers: 3 }));
    expect(line).toMatchObject({ level: 'info', process: 'test', msg: 'hello', routers: 3 });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test.each(['privateKey', 'private_key', 'PRIVATE-KEY', 'presharedKey', 'password', 'script', 'token'])(
    'never holds the value of %s, at any depth',
    (key) => {
      const nested = {
        [key]: SECRET,
        a: { [key]: SECRET },
        list: [{ b: { [key]: [SECRET] } }],
        map: new Map([[key, SECRET]]),
        err: Object.assign(new Error('no'), { request: { [key]: SECRET } }),
      };
      const text = logged(nested);
      expect(text).not.toContain(SECRET);
      expect(text).toContain('[redacted]');
    },
  );

  test('never holds the value of a secret key of a child logger', () => {
    let text = '';
    const destination = {
      write: (line: string) => {
        text += line;
      },
    };
    const logger = createLogger({ level: 'info', process: 'test', destination });
    logger.child({ tenant: 'b' }).child({ router: 'a', password: SECRET }).info('hello');
    expect(JSON.parse(text)).toMatchObject({
      tenant: 'b',
      router: 'a',
      password: '[redacted]',
      process: 'test',
    });
  });

  test('keeps what is no secret: public keys, names, an error with its stack and cause', () => {
    const error = new TypeError('outer', { cause: new Error('inner') });
    const line = JSON.parse(logged({ publicKey: SECRET, err: error }));
    expect(line.publicKey).toBe(SECRET);
    expect(line.err.type).toBe('TypeError');
    expect(line.err.message).toContain('outer');
    expect(line.err.stack).toContain('inner');
  });

  test('is bounded and made whatever is logged: cycles, long lists, buffers, big numbers', () => {
    const cycle: Record<string, unknown> = { many: Array.from({ length: 10_000 }, (_, n) => n) };
    cycle.self = cycle;
    cycle.bytes = Buffer.from(SECRET);
    cycle.big = 2n ** 70n;
    const text = logged(cycle);
    expect(text.length).toBeLessThan(20_000);
    expect(JSON.parse(text)).toMatchObject({ bytes: '[44 bytes]', big: String(2n ** 70n) });
  });

  test('leaves anything else as JSON has it', () => {
    const plain = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(plain, (value) => {
        expect(JSON.stringify(redact({ value }))).toBe(JSON.stringify({ value }));
      }),
    );
  });
});
