/** The secrets in a script can be read back, whatever else stands in it; and out of nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readSecrets, renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import { hostile, sayable } from './hostile.ts';
import { BASE } from './variants.ts';

const GOLDEN = join(import.meta.dirname, '..', '..', 'golden');

test('of any router, with any text in all other fields', () => {
  const input = fc.record({
    texts: fc.array(hostile, { minLength: 8, maxLength: 8 }),
    ownKey: fc.boolean(),
    presharedKey: fc.option(fc.constant('4/AeBBTIhRDsE/9DgEKMqPO/BNqv4P6vFUU4ERt1NAQ='), { nil: undefined }),
    user: hostile.filter((text) => text !== ''),
    password: hostile.filter((text) => text !== ''),
    apiPort: fc.integer({ min: 1, max: 65_535 }),
  });
  fc.assert(
    fc.property(input, ({ texts, ownKey, presharedKey, user, password, apiPort }) => {
      const [namespace = '', name = '', identity = '', tenant = '', address = '', host = '', server = ''] =
        texts;
      const { privateKey, ...rest } = BASE;
      const script = renderScript({
        ...rest,
        ...(ownKey ? { publicKey: String(texts[7]) } : privateKey && { privateKey }),
        router: { namespace, name },
        identity,
        tenant,
        address,
        server: {
          ...BASE.server,
          endpointHost: host,
          address: server,
          ...(presharedKey && { presharedKey }),
        },
        management: { user, password, apiPort },
      } satisfies ScriptInput);
      expect(readSecrets(script)).toEqual({
        ...(ownKey ? {} : { privateKey }),
        ...(presharedKey && { presharedKey }),
        management: { user: sayable(user), password: sayable(password), apiPort },
      });
    }),
    { numRuns: 500 },
  );
});

test.each(readdirSync(GOLDEN).filter((file) => file.endsWith('.rsc')))('of %s', (file) => {
  expect(readSecrets(readFileSync(join(GOLDEN, file), 'utf8'))?.management.password).toBeTruthy();
});

test.each(['', 'nonsense', ':local ttPass "x"', renderScript(BASE).replace(/ttPass/g, 'ttOther')])(
  'what is no script of ours has none',
  (text) => expect(readSecrets(text)).toBeUndefined(),
);
