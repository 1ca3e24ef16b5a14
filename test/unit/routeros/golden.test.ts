import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderScript } from '../../../src/routeros/index.ts';
import { lex } from './unquote.ts';
import { VARIANTS } from './variants.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/', import.meta.url));
const UPDATE = process.env.UPDATE_GOLDEN === '1';

// After a wanted change of the script: UPDATE_GOLDEN=1 npm run jest -- golden, then read the difference.
describe('golden scripts', () => {
  for (const [name, input] of Object.entries(VARIANTS)) {
    test(`the script of variant ${name} is the checked-in one, byte for byte`, () => {
      const file = `${GOLDEN}${name}.rsc`;
      if (UPDATE) writeFileSync(file, renderScript(input));
      expect(renderScript(input)).toBe(readFileSync(file, 'utf8'));
    });
  }

  test('there is no golden file without a variant', () => {
    const files = readdirSync(GOLDEN).filter((file) => file.endsWith('.rsc'));
    expect(files.sort()).toEqual(
      Object.keys(VARIANTS)
        .map((name) => `${name}.rsc`)
        .sort(),
    );
  });
});

describe.each(Object.entries(VARIANTS))('the script of variant %s', (_name, input) => {
  const script = renderScript(input);
  const lines = script.split('\n');

  test('is printable ASCII without tabs and question marks, which a terminal would act upon', () => {
    expect(script).toMatch(/^[\x20-\x7E\n]*$/);
    expect(script).not.toContain('?');
  });

  test('is a head of comments and one block', () => {
    const start = lines.findIndex((line) => !line.startsWith('#'));
    expect(start).toBeGreaterThan(3);
    expect(lines[start]).toBe('{');
    expect(lines.slice(start).filter((line) => line.startsWith('#'))).toEqual([]);
    expect(lines.slice(-2)).toEqual(['}', '']);
    const { skeleton } = lex(lines.slice(start).join('\n'));
    let depth = 0;
    for (const [index, character] of [...skeleton.trimEnd()].entries()) {
      if (character === '{') depth += 1;
      if (character === '}') depth -= 1;
      if (depth === 0) expect(index).toBe(skeleton.trimEnd().length - 1);
    }
    expect(depth).toBe(0);
  });

  test('has no line longer than 300 characters and is below 10 kB, with IPv6 below 12 kB', () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(300);
    expect(script.length).toBeLessThan(input.ipv6 === undefined ? 10_000 : 12_000);
  });

  test('says in its head whose it is', () => {
    const head = lines.filter((line) => line.startsWith('#')).join('\n');
    const { literals } = lex(head);
    expect(literals).toEqual(
      expect.arrayContaining([
        `${input.router.namespace}/${input.router.name}`,
        input.tenant,
        input.identity,
        `${input.address}/${input.prefixLength}`,
      ]),
    );
  });

  test('does not change with the time it is made', () => {
    expect(renderScript(structuredClone(input))).toBe(script);
  });

  test('has no variable named like a property', () => {
    const names = [...script.matchAll(/:(?:local|foreach|for) ([A-Za-z-]+)/g)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !/^tt[A-Z][a-z]+$/.test(name ?? ''))).toEqual([]);
  });
});

describe('what the script sets', () => {
  const scriptOf = (name: string): string => renderScript(VARIANTS[name] as (typeof VARIANTS)[string]);

  test('the peer may send from the whole of the tunnel, computed from address and length', () => {
    expect(scriptOf('endpoint-name')).toContain('allowed-address="10.100.0.0/16"');
    expect(scriptOf('small-subnet')).toContain('allowed-address="10.200.0.0/20"');
  });

  test('an IPv6 endpoint is written without brackets and let in by the IPv6 firewall', () => {
    const script = scriptOf('endpoint-ipv6');
    expect(script).toContain('endpoint-address="2001:db8::7"');
    expect(script).toContain('/ipv6/firewall/filter/add chain="input" action="accept" protocol="udp"');
    expect(script).not.toContain('/ip/firewall/filter/add chain="input" action="accept" protocol="udp"');
  });

  test('an endpoint by name is let in by both firewalls, since the name may have addresses of both kinds', () => {
    const script = scriptOf('endpoint-name');
    for (const family of ['ip', 'ipv6']) {
      const rule = `/${family}/firewall/filter/add chain="input" action="accept" protocol="udp" src-port="51820"`;
      expect(script).toContain(rule);
    }
    expect(scriptOf('endpoint-ipv4')).not.toContain('/ipv6/firewall/filter/add');
  });

  test('IPv6 stands in scripts of tunnels that have it, and in no other', () => {
    const script = scriptOf('dual-stack');
    expect(script).toContain('allowed-address="10.100.0.0/16,fd12:3456:789a::/64"');
    expect(script).toContain('address="fd12:3456:789a::101/64" advertise=no');
    const { ipv6: _, ...plain } = VARIANTS['dual-stack'] as (typeof VARIANTS)[string];
    expect(renderScript(plain)).toBe(scriptOf('endpoint-name'));
    for (const [name, { ipv6 }] of Object.entries(VARIANTS))
      if (ipv6 === undefined) expect(scriptOf(name)).not.toMatch(/\/ipv6\/(address|settings)|ttSix/);
  });

  test('a router with a key of its own is never given one', () => {
    for (const name of ['own-key', 'own-key-unchecked']) {
      expect(scriptOf(name)).not.toContain('private-key');
      expect(lex(scriptOf(name)).skeleton).not.toContain('/interface/wireguard/add');
    }
  });

  test('without a pre-shared key none is mentioned', () => {
    expect(scriptOf('endpoint-name')).not.toContain('preshared-key');
    expect(scriptOf('preshared-key')).toContain('preshared-key=$ttShared');
  });

  test('each secret stands in the script once', () => {
    const script = scriptOf('preshared-key');
    const { privateKey, management, server } = VARIANTS['preshared-key'] as (typeof VARIANTS)[string];
    for (const secret of [privateKey, management.password, server.presharedKey])
      expect(script.split(secret as string)).toHaveLength(2);
  });
});
