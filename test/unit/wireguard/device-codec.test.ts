import fc from 'fast-check';
import type { DeviceChange, PeerSettings } from '../../../src/wireguard/device/device.ts';
import { encodeConfiguration, parseHeaderLine, parsePeerLine } from '../../../src/wireguard/device/kernel.ts';
import {
  encodeCall,
  encodeChange,
  encodeGreeting,
  encodeHush,
  type ReadPeer,
  ReplyParser,
} from '../../../src/wireguard/device/uapi.ts';
import { publicKeyOf } from '../../../src/wireguard/index.ts';
import { key, keyOf } from './peers.ts';

const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

const CHANGE: DeviceChange = {
  privateKey: keyOf(1),
  listenPort: 51_820,
  remove: [keyOf(2)],
  set: new Map<string, PeerSettings>([
    [keyOf(3), { allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'], presharedKey: keyOf(4) }],
    [keyOf(5), { allowedIPs: [] }],
  ]),
};

describe('a change for wireguard-go', () => {
  test('names what changes and nothing else, removals first', () => {
    expect([...encodeChange(CHANGE)].join('')).toBe(
      [
        'set=1',
        `private_key=${hex(keyOf(1))}`,
        'listen_port=51820',
        `public_key=${hex(keyOf(2))}`,
        'remove=true',
        `public_key=${hex(keyOf(3))}`,
        `preshared_key=${hex(keyOf(4))}`,
        'replace_allowed_ips=true',
        'allowed_ip=10.100.1.1/32',
        'allowed_ip=192.168.88.0/24',
        `public_key=${hex(keyOf(5))}`,
        `preshared_key=${'0'.repeat(64)}`,
        'replace_allowed_ips=true',
        '',
        '',
      ].join('\n'),
    );
  });

  test('tells where a peer was last seen, of those that it sets', () => {
    const endpoints = new Map([
      [keyOf(3), '203.0.113.7:1024'],
      [keyOf(5), '[2001:db8::7]:51820'],
      [keyOf(9), '203.0.113.9:1024'],
    ]);
    expect([...encodeChange({ remove: [], set: CHANGE.set, endpoints })].join('')).toBe(
      [
        'set=1',
        `public_key=${hex(keyOf(3))}`,
        `preshared_key=${hex(keyOf(4))}`,
        'replace_allowed_ips=true',
        'endpoint=203.0.113.7:1024',
        'allowed_ip=10.100.1.1/32',
        'allowed_ip=192.168.88.0/24',
        `public_key=${hex(keyOf(5))}`,
        `preshared_key=${'0'.repeat(64)}`,
        'replace_allowed_ips=true',
        'endpoint=[2001:db8::7]:51820',
        '',
        '',
      ].join('\n'),
    );
  });

  test('never replaces all peers', () => {
    fc.assert(
      fc.property(fc.array(key), fc.array(key), (remove, set) => {
        const text = [
          ...encodeChange({ remove, set: new Map(set.map((each) => [each, { allowedIPs: [] }])) }),
        ].join('');
        expect(text).not.toContain('replace_peers');
        expect(text).not.toContain('private_key');
        expect(text.split('\n').filter((line) => line === '')).toHaveLength(2);
      }),
    );
  });
});

test('a greeting for wireguard-go turns persistent keepalive on and off, of peers that are there', () => {
  expect([...encodeGreeting([keyOf(3), keyOf(5)])].join('')).toBe(
    [
      'set=1',
      ...[keyOf(3), keyOf(5)].flatMap((key) =>
        [1, 0].flatMap((seconds) => [
          `public_key=${hex(key)}`,
          'update_only=true',
          `persistent_keepalive_interval=${seconds}`,
        ]),
      ),
      '',
      '',
    ].join('\n'),
  );
  expect([...encodeGreeting([])].join('')).toBe('set=1\n\n');
});

test('a call for wireguard-go names the endpoint, and turns persistent keepalive off, on, and leaves it', () => {
  const peer = [`public_key=${hex(keyOf(3))}`, 'update_only=true'];
  const call = [
    'set=1',
    ...peer,
    'endpoint=203.0.113.7:1024',
    'persistent_keepalive_interval=0',
    ...peer,
    'persistent_keepalive_interval=25',
    '',
    '',
  ];
  expect([...encodeCall(keyOf(3), '203.0.113.7:1024')].join('')).toBe(call.join('\n'));
  const hush = ['set=1', ...peer, 'persistent_keepalive_interval=0', '', ''];
  expect([...encodeHush(keyOf(3))].join('')).toBe(hush.join('\n'));
});

describe('a change for the kernel', () => {
  test('is a configuration as wg addconf takes it', () => {
    expect([...encodeConfiguration(CHANGE)].join('')).toBe(
      [
        '[Interface]',
        `PrivateKey = ${keyOf(1)}`,
        'ListenPort = 51820',
        '[Peer]',
        `PublicKey = ${keyOf(3)}`,
        'AllowedIPs = 10.100.1.1/32, 192.168.88.0/24',
        `PresharedKey = ${keyOf(4)}`,
        '[Peer]',
        `PublicKey = ${keyOf(5)}`,
        `PresharedKey = ${'A'.repeat(43)}=`,
        '',
      ].join('\n'),
    );
  });

  test('tells where a peer was last seen, of those that it sets', () => {
    const endpoints = new Map([
      [keyOf(3), '203.0.113.7:1024'],
      [keyOf(9), '203.0.113.9:1024'],
    ]);
    expect([...encodeConfiguration({ set: CHANGE.set, endpoints })].join('')).toBe(
      [
        '[Peer]',
        `PublicKey = ${keyOf(3)}`,
        'AllowedIPs = 10.100.1.1/32, 192.168.88.0/24',
        `PresharedKey = ${keyOf(4)}`,
        'Endpoint = 203.0.113.7:1024',
        '[Peer]',
        `PublicKey = ${keyOf(5)}`,
        `PresharedKey = ${'A'.repeat(43)}=`,
        '',
      ].join('\n'),
    );
  });

  test('of peers alone has no interface in it', () => {
    expect([...encodeConfiguration({ set: new Map() })].join('')).toBe('');
  });
});

describe('what wireguard-go replies', () => {
  const reply = [
    `private_key=${hex(keyOf(1))}`,
    'listen_port=51820',
    `public_key=${hex(keyOf(3))}`,
    `preshared_key=${hex(keyOf(4))}`,
    'protocol_version=1',
    'endpoint=203.0.113.7:1024',
    'last_handshake_time_sec=1700000000',
    'last_handshake_time_nsec=5',
    'tx_bytes=20',
    'rx_bytes=10',
    'persistent_keepalive_interval=0',
    'allowed_ip=10.100.1.1/32',
    'allowed_ip=192.168.88.0/24',
    `public_key=${hex(keyOf(5))}`,
    `preshared_key=${'0'.repeat(64)}`,
    'something_new=1',
    'errno=0',
  ];
  const parse = (lines: readonly string[]) => {
    const peers: ReadPeer[] = [];
    const parser = new ReplyParser((peer) => peers.push(peer));
    for (const line of lines) parser.line(line);
    return { parser, peers };
  };

  test('is read into settings and observations', () => {
    const { parser, peers } = parse(reply);
    expect(parser.header).toEqual({ publicKey: publicKeyOf(keyOf(1)), listenPort: 51_820 });
    expect(parser.errno).toBe(0);
    expect(peers).toEqual([
      {
        settings: { allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'], presharedKey: keyOf(4) },
        observation: {
          publicKey: keyOf(3),
          lastHandshake: 1_700_000_000,
          rx: 10,
          tx: 20,
          endpoint: '203.0.113.7:1024',
        },
      },
      {
        settings: { allowedIPs: [] },
        observation: { publicKey: keyOf(5), lastHandshake: 0, rx: 0, tx: 0, endpoint: null },
      },
    ]);
  });

  test('is not taken for whole before errno has come', () => {
    const { parser, peers } = parse(reply.slice(0, -1));
    expect(parser.errno).toBeUndefined();
    expect(peers).toHaveLength(1);
  });

  test('tells a device that has no key yet', () => {
    const { parser } = parse(['listen_port=34567', 'errno=0']);
    expect(parser.header.publicKey).toBeNull();
  });

  test('may be a failure', () => expect(parse(['errno=-98']).parser.errno).toBe(-98));
});

describe('what wg show dump prints', () => {
  test('of a device with a key', () => {
    expect(parseHeaderLine([keyOf(1), publicKeyOf(keyOf(1)), '51820', 'off'].join('\t'))).toEqual({
      publicKey: publicKeyOf(keyOf(1)),
      listenPort: 51_820,
    });
  });

  test('of a device without one', () => {
    expect(parseHeaderLine('(none)\t(none)\t0\toff')).toEqual({ publicKey: null, listenPort: 0 });
  });

  test('of a peer with everything', () => {
    const line = [
      keyOf(3),
      keyOf(4),
      '203.0.113.7:1024',
      '10.100.1.1/32,192.168.88.0/24',
      '1700000000',
      '10',
      '20',
      '25',
    ];
    expect(parsePeerLine(line.join('\t'))).toEqual({
      settings: { allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'], presharedKey: keyOf(4) },
      observation: {
        publicKey: keyOf(3),
        lastHandshake: 1_700_000_000,
        rx: 10,
        tx: 20,
        endpoint: '203.0.113.7:1024',
      },
    });
  });

  test('of a peer with nothing', () => {
    expect(parsePeerLine([keyOf(3), '(none)', '(none)', '(none)', '0', '0', '0', 'off'].join('\t'))).toEqual({
      settings: { allowedIPs: [] },
      observation: { publicKey: keyOf(3), lastHandshake: 0, rx: 0, tx: 0, endpoint: null },
    });
  });
});
