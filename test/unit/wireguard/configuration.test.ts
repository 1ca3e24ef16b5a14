import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import type { HandoverPeer } from '../../../src/api/handover.ts';
import { parsePeers, renderPeers } from '../../../src/wireguard/index.ts';
import { parseAddress } from '../../../src/wireguard/ipv4.ts';
import { handoverPeers, keyOf } from './peers.ts';

const PEER: HandoverPeer = {
  namespace: 'acme',
  name: 'router-1',
  uid: '8c2bb0f0-0d6c-4c55-9a7e-0f1f5a0c1f11',
  address: '10.100.1.1',
  publicKey: keyOf(1),
  allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'],
};
const TEXT = renderPeers([PEER]);

const byAddress = (a: HandoverPeer, b: HandoverPeer): number =>
  (parseAddress(a.address) ?? 0) - (parseAddress(b.address) ?? 0);

describe('the text of peers.conf', () => {
  test('a person can read it', () => {
    const second = { ...PEER, name: 'router-2', uid: 'u-2', address: '10.100.1.2', publicKey: keyOf(2) };
    expect(renderPeers([{ ...second, allowedIPs: ['10.100.1.2/32'] }, PEER])).toBe(
      [
        '[Peer]',
        '# Router = acme/router-1 8c2bb0f0-0d6c-4c55-9a7e-0f1f5a0c1f11 10.100.1.1',
        `PublicKey = ${keyOf(1)}`,
        'AllowedIPs = 10.100.1.1/32, 192.168.88.0/24',
        '',
        '[Peer]',
        '# Router = acme/router-2 u-2 10.100.1.2',
        `PublicKey = ${keyOf(2)}`,
        'AllowedIPs = 10.100.1.2/32',
        '',
      ].join('\n'),
    );
  });

  test('addresses are in numeric order, not in that of their letters', () => {
    const at = (address: string, number: number): HandoverPeer => ({
      ...PEER,
      uid: `u-${number}`,
      address,
      publicKey: keyOf(number),
      allowedIPs: [`${address}/32`],
    });
    const text = renderPeers([at('10.100.10.1', 1), at('10.100.2.10', 2), at('10.100.2.9', 3)]);
    expect(parsePeers(text).map(({ address }) => address)).toEqual([
      '10.100.2.9',
      '10.100.2.10',
      '10.100.10.1',
    ]);
  });

  test('the same peers give the same text in whatever order they come', () => {
    const shuffled = handoverPeers.chain((peers) =>
      fc.tuple(fc.constant(peers), fc.shuffledSubarray(peers, { minLength: peers.length })),
    );
    fc.assert(fc.property(shuffled, ([peers, again]) => renderPeers(peers) === renderPeers(again)));
  });

  test('what was written is read back', () => {
    fc.assert(
      fc.property(handoverPeers, (peers) => {
        expect(parsePeers(renderPeers(peers))).toEqual([...peers].sort(byAddress));
      }),
    );
  });

  test('no peers are an empty text', () => {
    expect(renderPeers([])).toBe('');
    expect(parsePeers('')).toEqual([]);
  });

  test('no text in any field can become another line or another peer', () => {
    const field = fc.constantFrom('namespace', 'name', 'uid', 'address', 'publicKey', 'allowedIP');
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .constantFrom('\n', '\r', '\u2028', '#', ' ', ',', '=', '[Peer]', '\nPublicKey = x', '0.0.0.0/0')
        .chain((part) => fc.tuple(fc.string(), fc.string()).map(([before, after]) => before + part + after)),
      fc.constantFrom(
        'acme\n[Peer]',
        `${keyOf(1)}\n`,
        '10.100.1.1/32, 0.0.0.0/0',
        '10.100.1.1\n',
        'a/b',
        'x # y',
      ),
    );
    fc.assert(
      fc.property(field, hostile, (name, text) => {
        const peer =
          name === 'allowedIP' ? { ...PEER, allowedIPs: ['10.100.1.1/32', text] } : { ...PEER, [name]: text };
        let rendered: string;
        try {
          rendered = renderPeers([peer]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidPeer' });
          expect((error as Error).message).not.toMatch(/[\n\r]/);
          return;
        }
        expect(rendered.split('\n')).toHaveLength(5);
        expect(parsePeers(rendered)).toEqual([peer]);
      }),
      { numRuns: 10_000 },
    );
  });

  test('further comments, empty lines and other spaces are no reason to refuse it', () => {
    const edited = `# by hand\r\n\n${TEXT.replaceAll(' = ', '=').replaceAll('\n', '  \r\n')}\n\n# end`;
    expect(parsePeers(edited)).toEqual([PEER]);
  });

  const edits: [what: string, edit: (text: string) => string, problem: RegExp][] = [
    ['nonsense', () => 'nonsense', /^peers\.conf, line 1: a setting stands before the first \[Peer\]\.$/],
    [
      'no router',
      (text) => text.replace(/# Router.*\n/, ''),
      /line 1: the section that begins here has no "# Router ="/,
    ],
    ['no key', (text) => text.replace(/PublicKey.*\n/, ''), /line 1: .* has no PublicKey line/],
    ['no networks', (text) => text.replace(/AllowedIPs.*\n/, ''), /line 1: .* has no AllowedIPs line/],
    [
      'a short key',
      (text) => text.replace(/(PublicKey = .)./, '$1'),
      /line 1: .*the public key is not 32 bytes/,
    ],
    [
      'two keys',
      (text) => text.replace(/(PublicKey.*\n)/, '$1$1'),
      /line 4: this section has a second PublicKey/,
    ],
    ['two networks', (text) => text.replace(/(AllowedIPs.*\n)/, '$1$1'), /line 5: .* a second AllowedIPs/],
    [
      'two routers',
      (text) => text.replace(/(# Router.*\n)/, '$1$1'),
      /line 3: .* a second "# Router =" line/,
    ],
    [
      'a broken router',
      (text) => text.replace('acme/', ''),
      /line 2: write "# Router = namespace\/name uid address"/,
    ],
    ['an endpoint', (text) => `${text}Endpoint = 192.0.2.1:1\n`, /line 5: Endpoint does not belong here/],
    ['another interface', (text) => `[Interface]\n${text}`, /line 1: a setting stands before/],
    ['an interface within', (text) => `${text}[Interface]\n`, /line 5: this is neither/],
    [
      'another first network',
      (text) => text.replace('10.100.1.1/32', '10.100.1.2/32'),
      /first allowed IP must be/,
    ],
    [
      'host bits',
      (text) => text.replace('88.0/24', '88.1/24'),
      /write the allowed IP 192.168.88.1\/24 as 192.168.88.0\/24/,
    ],
    ['no network', (text) => text.replace('192.168.88.0/24', 'lan'), /not an IPv4 network like/],
    ['an empty network', (text) => text.replace('192.168.88.0/24', ''), /not an IPv4 network like/],
    [
      'a peer twice',
      (text) => `${text}\n${text}`,
      /line 6: .* stands already in the section that begins in line 1/,
    ],
    ['a setting without value', (text) => `${text}PublicKey\n`, /line 5: this is neither/],
    ['half of it', (text) => text.slice(0, text.indexOf('AllowedIPs')), /line 1: .* has no AllowedIPs/],
    ['a long line', (text) => `${text}# ${'x'.repeat(9000)}`, /line 5: the line is longer than 8192/],
    ['a huge text', (text) => text + '\n'.repeat(1024 * 1024), /larger than 1048576 bytes/],
  ];
  test.each(edits)('%s is refused with one sentence', (_, edit, problem) => {
    expect(() => parsePeers(edit(TEXT))).toThrow(problem);
    expect(() => parsePeers(edit(TEXT))).toThrow(expect.objectContaining({ code: 'InvalidPeers' }));
  });

  test('a private key that somebody wrote into it is not repeated', () => {
    const error = (() => {
      try {
        parsePeers(`${TEXT}PrivateKey = ${keyOf(99)}\n`);
      } catch (cause) {
        return cause as Error;
      }
      return new Error('it was taken');
    })();
    expect(error.message).toBe(
      'peers.conf, line 5: PrivateKey does not belong here; a section has PublicKey and AllowedIPs.',
    );
  });

  test('whatever is done to one character, the result is refused or holds the same number of peers', () => {
    const peers = [
      PEER,
      { ...PEER, uid: 'u', address: '10.100.1.2', publicKey: keyOf(2), allowedIPs: ['10.100.1.2/32'] },
    ];
    const text = renderPeers(peers);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', maxLength: 2 }), (at, inserted) => {
        const edited = text.slice(0, at) + inserted + text.slice(at + 1);
        let parsed: HandoverPeer[];
        try {
          parsed = parsePeers(edited);
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidPeers' });
          return;
        }
        expect(parsed).toHaveLength(2);
      }),
      { numRuns: 2000 },
    );
  });

  const canParse = spawnSync('wg', ['--version']).status === 0;
  (canParse ? test : test.skip)('wg reads it up to asking for the interface (left out without wg)', () => {
    const path = `${process.env.TMPDIR ?? '/tmp'}/peers-${process.pid}.conf`;
    const { stderr } = spawnSync(
      'sh',
      ['-c', 'cat > "$1" && wg addconf nosuchinterface "$1"; rm -f "$1"', 'sh', path],
      {
        input: TEXT,
      },
    );
    expect(stderr.toString()).toMatch(/Unable to modify interface|No such device|Operation not/);
    expect(stderr.toString()).not.toMatch(
      /Line unrecognized|not the correct length|Configuration parsing error/,
    );
  });
});
