import { isIP } from 'node:net';
import fc from 'fast-check';
import { quote, renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import { hostile, sayable } from './hostile.ts';
import { lex } from './unquote.ts';
import { BASE } from './variants.ts';

const RUNS = 10_000;

describe('quoting', () => {
  test('any text comes back from its literal, which is one token of harmless characters', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const literal = quote(text);
        expect(literal).toMatch(/^"(?:[A-Za-z0-9 ._:/=+,@-]|\\[0-9A-F]{2})*"$/);
        expect(lex(literal)).toEqual({ skeleton: '""', literals: [sayable(text)] });
      }),
      { numRuns: RUNS },
    );
  });

  test('each byte outside of the harmless ones is two upper-case hex digits of its UTF-8', () => {
    expect(quote('a "b" \\ $c é?\n')).toBe('"a \\22b\\22 \\5C \\24c \\C3\\A9\\3F\\0A"');
    expect(quote('')).toBe('""');
  });
});

describe('hostile text in every field of a script', () => {
  const fields: Record<string, (input: ScriptInput, text: string) => ScriptInput> = {
    'router.namespace': (input, text) => ({ ...input, router: { ...input.router, namespace: text } }),
    'router.name': (input, text) => ({ ...input, router: { ...input.router, name: text } }),
    identity: (input, text) => ({ ...input, identity: text }),
    tenant: (input, text) => ({ ...input, tenant: text }),
    address: (input, text) => ({ ...input, address: text }),
    privateKey: (input, text) => ({ ...input, privateKey: text }),
    'server.publicKey': (input, text) => ({ ...input, server: { ...input.server, publicKey: text } }),
    'server.presharedKey': (input, text) => ({ ...input, server: { ...input.server, presharedKey: text } }),
    'server.endpointHost': (input, text) => ({ ...input, server: { ...input.server, endpointHost: text } }),
    'server.address': (input, text) => ({ ...input, server: { ...input.server, address: text } }),
    'management.user': (input, text) => ({ ...input, management: { ...input.management, user: text } }),
    'management.password': (input, text) => ({
      ...input,
      management: { ...input.management, password: text },
    }),
    routerSubnets: (input, text) => ({ ...input, routerSubnets: [text] }),
  };
  const names = Object.keys(fields);
  const skeletons = new Map(
    names.map((name) => [name, lex(renderScript(fields[name]?.(BASE, 'plain') ?? BASE)).skeleton]),
  );
  const { privateKey: _, ...withoutKey } = BASE;

  test('the commands of the script stay the same, and the literals say exactly that text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), hostile, (name, text) => {
        fc.pre(name !== 'server.endpointHost' || (isIP(text) === 0 && !/^\[.*\]$/.test(text)));
        const lexed = lex(renderScript(fields[name]?.(BASE, text) ?? BASE));
        expect(lexed.skeleton).toBe(skeletons.get(name));
        expect(lexed.literals.some((literal) => literal.includes(sayable(text)))).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test('all fields at once', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: names.length, maxLength: names.length }), (texts) => {
        const input = names.reduce((sum, name, index) => {
          const text = texts[index] ?? '';
          const address = name === 'server.endpointHost' && (isIP(text) !== 0 || /^\[.*\]$/.test(text));
          return address ? sum : (fields[name]?.(sum, text) ?? sum);
        }, BASE);
        const { skeleton } = lex(renderScript(input));
        const plain = lex(
          renderScript(names.reduce((sum, name) => fields[name]?.(sum, 'plain') ?? sum, BASE)),
        ).skeleton;
        expect(skeleton).toBe(plain);
      }),
      { numRuns: 1000 },
    );
  });

  test('a public key that a router with its own key is checked against', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const render = (publicKey: string) => lex(renderScript({ ...withoutKey, publicKey }));
        expect(render(text).skeleton).toBe(render('plain').skeleton);
        expect(render(text).literals).toContain(sayable(text));
      }),
      { numRuns: 1000 },
    );
  });
});
