import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../simulator/engine/index.ts';
import { firewall6Of, firewallOf } from '../../simulator/machine/linux/firewall.ts';
import { plainName } from '../../simulator/machine/linux/interfaces.ts';
import { MATCHERS } from '../../simulator/machine/linux/matchers.ts';

type Menus = Record<string, Row[]>;

function translate(menus: Menus): string[] {
  return firewallOf((menu) => menus[menu] ?? [], plainName)
    .split('\n')
    .map((line) => line.trim());
}

/** The rules of one chain, without counters. */
function rules(menus: Menus, chain = 'input'): string[] {
  const lines = translate(menus);
  const start = lines.lastIndexOf(`chain ${chain} {`) + 1;
  return lines
    .slice(start, lines.indexOf('}', start))
    .filter((line) => !line.startsWith('type '))
    .map((line) => line.replace(/(^| )counter /, '$1'));
}

const filter = (...rows: Row[]): Menus => ({
  '/ip/firewall/filter': rows.map((row) => ({ chain: 'input', action: 'accept', ...row })),
});

describe('a firewall in RouterOS terms becomes nft', () => {
  test.each<[string, Row, string]>([
    [
      'connection states',
      { 'connection-state': 'established,related' },
      'ct state { established, related } accept',
    ],
    ['negated states', { 'connection-state': '!new' }, 'ct state != { new } accept'],
    ['not dst-natted', { 'connection-nat-state': '!dstnat' }, 'ct status & dnat == 0 accept'],
    ['an interface', { 'in-interface': 'ether1' }, 'iifname { "ether1" } accept'],
    ['another interface', { 'in-interface': '!ether1' }, 'iifname != { "ether1" } accept'],
    ['a source', { 'src-address': '10.0.0.0/8' }, 'ip saddr 10.0.0.0/8 accept'],
    ['a range', { 'dst-address': '!10.0.0.1-10.0.0.9' }, 'ip daddr != 10.0.0.1-10.0.0.9 accept'],
    ['ports', { protocol: 'tcp', 'dst-port': '22,80-90' }, 'meta l4proto tcp tcp dport { 22, 80-90 } accept'],
    ['no IPsec', { 'ipsec-policy': 'in,none' }, 'accept'],
    ['rejection', { action: 'reject', 'reject-with': 'tcp-reset' }, 'reject with tcp reset'],
    ['rejection as it comes', { action: 'reject' }, 'reject with icmp type net-unreachable'],
    ['fasttrack', { action: 'fasttrack-connection', 'hw-offload': 'true' }, 'accept'],
  ])('%s', (_name, row, expected) => {
    expect(rules(filter(row))).toEqual([expected]);
  });

  test.each<[string, Row]>([
    ['disabled rules', { disabled: 'true' }],
    ['what only IPsec matches', { 'ipsec-policy': 'in,ipsec' }],
    ['log and passthrough', { action: 'passthrough', dynamic: 'true' }],
    ['lists that are empty', { 'in-interface-list': 'none' }],
  ])('leaves out %s', (_name, row) => {
    expect(rules(filter(row))).toEqual([]);
  });

  test('keeps the order of the rows', () => {
    expect(rules(filter({ 'src-address': '10.0.0.1' }, { action: 'drop' }, {}))).toEqual([
      'ip saddr 10.0.0.1 accept',
      'drop',
      'accept',
    ]);
  });

  test('resolves interface lists with what they include and exclude', () => {
    const menus: Menus = {
      ...filter({ 'in-interface-list': '!HOME', action: 'drop' }),
      '/interface/list': [
        { name: 'HOME', include: 'LAN', exclude: 'GUEST' },
        { name: 'LAN' },
        { name: 'GUEST' },
      ],
      '/interface/list/member': [
        { list: 'LAN', interface: 'bridge' },
        { list: 'LAN', interface: 'guests' },
        { list: 'GUEST', interface: 'guests' },
        { list: 'HOME', interface: 'wg' },
        { list: 'HOME', interface: 'off', disabled: 'true' },
      ],
    };
    expect(rules(menus)).toEqual(['iifname != { "bridge", "wg" } drop']);
  });

  test('drops everything where a list that is not matched is empty', () => {
    const menus: Menus = {
      ...filter({ 'in-interface-list': '!LAN', action: 'drop' }),
      '/interface/list': [],
    };
    expect(rules(menus)).toEqual(['drop']);
  });

  test('keeps address lists as sets', () => {
    const menus: Menus = {
      ...filter({ 'src-address-list': 'support' }),
      '/ip/firewall/address-list': [
        { list: 'support', address: '192.0.2.1' },
        { list: 'support', address: '192.0.2.0/25' },
        { list: 'other', address: '192.0.2.200' },
      ],
    };
    expect(rules(menus)).toEqual(['ip saddr @list_0 accept']);
    expect(translate(menus).join('\n')).toContain('elements = { 192.0.2.1, 192.0.2.0/25 }');
  });

  test('jumps to chains of its own', () => {
    const menus = filter(
      { action: 'jump', 'jump-target': 'guests; flush ruleset' },
      { chain: 'guests; flush ruleset', action: 'return' },
    );
    expect(rules(menus)).toEqual(['jump filter_3']);
    expect(rules(menus, 'filter_3')).toEqual(['return']);
    expect(translate(menus).join('\n')).not.toContain('flush');
  });

  test('masquerades and forwards ports', () => {
    const menus: Menus = {
      '/ip/firewall/nat': [
        { chain: 'srcnat', action: 'masquerade', 'out-interface': 'ether1' },
        {
          chain: 'dstnat',
          action: 'dst-nat',
          protocol: 'tcp',
          'dst-port': '80',
          'to-addresses': '192.0.2.7',
          'to-ports': '8080',
        },
      ],
    };
    expect(rules(menus, 'srcnat')).toEqual(['oifname { "ether1" } masquerade']);
    expect(rules(menus, 'dstnat')).toEqual(['meta l4proto tcp tcp dport { 80 } dnat to 192.0.2.7:8080']);
  });
});

describe('what cannot be made real is refused, never ignored', () => {
  test.each<[string, Menus]>([
    ['a condition that is not modelled', filter({ limit: '5,5:packet' })],
    ['a condition that nobody knows', filter({ 'moon-phase': 'full' })],
    ['an action that is not modelled', filter({ action: 'tarpit' })],
    ['a port without its protocol', filter({ 'dst-port': '80' })],
    ['a RAW rule', { '/ip/firewall/raw': [{ chain: 'prerouting', action: 'drop' }] }],
    ['a mangle rule', { '/ip/firewall/mangle': [{ chain: 'forward', action: 'mark-packet' }] }],
    ['an unknown way to reject', filter({ action: 'reject', 'reject-with': 'a-shrug' })],
    [
      'an address list with names',
      {
        ...filter({ 'src-address-list': 'x' }),
        '/ip/firewall/address-list': [{ list: 'x', address: 'example.net' }],
      },
    ],
  ])('%s', (_name, menus) => {
    expect(() => translate(menus)).toThrow(/^The simulator cannot make real \/ip\/firewall\/.* not modelled/);
  });

  test('hostile text in any condition is refused or harmless', () => {
    const hostile = '0/0 } accept; flush ruleset; #"\n';
    for (const property of Object.keys(MATCHERS)) {
      const row = { protocol: 'tcp', [property]: hostile };
      let text = '';
      try {
        text = translate(filter(row)).join('\n');
      } catch (error) {
        expect((error as Error).message).toContain('cannot make real');
      }
      expect(text).not.toContain('flush');
    }
  });
});

describe('a firewall of IPv6', () => {
  const six = (...rows: Row[]): Menus => ({
    '/ipv6/address': [{ address: 'fd12::101/64', interface: 'tenant-tunnel' }],
    '/ipv6/firewall/filter': rows.map((row) => ({ chain: 'input', ...row })),
  });
  const translated = (menus: Menus) => firewall6Of((menu) => menus[menu] ?? [], plainName);

  test('is a table of its own where the router has an address, and nothing elsewhere', () => {
    const text = translated(
      six(
        { action: 'accept', protocol: 'icmpv6' },
        { action: 'accept', protocol: 'udp', 'dst-port': '546', 'src-address': 'fe80::/10' },
        { action: 'reject', 'in-interface': 'tenant-tunnel' },
      ),
    );
    expect(text).toContain(
      [
        '  chain input {',
        '    type filter hook input priority filter; policy accept;',
        '    meta l4proto ipv6-icmp counter accept',
        '    meta l4proto udp udp dport { 546 } ip6 saddr fe80::/10 counter accept',
        '    iifname { "tenant-tunnel" } counter reject with icmpv6 type no-route',
        '  }',
      ].join('\n'),
    );
    const { '/ipv6/address': _, ...without } = six({ action: 'drop' });
    expect(translated(without)).toBe('');
  });

  test('refuses what it cannot make real', () => {
    const odd: Row[] = [
      { 'src-address': '10.0.0.1' },
      { 'src-address': 'fe80::/129' },
      { 'src-mac-address': 'x' },
    ];
    for (const row of odd)
      expect(() => translated(six({ action: 'drop', ...row }))).toThrow('cannot make real');
  });
});
