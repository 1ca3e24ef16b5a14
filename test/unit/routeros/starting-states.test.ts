import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import type { RouterOs } from '../../simulator/engine/index.ts';
import { publicKeyOf } from '../../simulator/engine/values/key.ts';
import { losses, obstacles } from './online.ts';
import { HALVES, routerOf, STATES, type StartingState, VERSIONS } from './starting-states.ts';
import { VARIANTS } from './variants.ts';

const DOCUMENT = fileURLToPath(new URL('../../../docs/routeros-script.md', import.meta.url));
const OWN_KEY = '/interface/wireguard/add name=tenant-tunnel';

/** How the text gets onto a router. */
const WAYS: Record<string, (os: RouterOs, script: string) => string> = {
  paste: (os, script) => os.terminal().paste(script),
  'paste from Windows': (os, script) => os.terminal().paste(script.replaceAll('\n', '\r\n')),
  import: (os, script) => os.terminal().import(script),
};

interface Case {
  state: StartingState;
  variant: string;
  way: string;
}

/** All variants in all states; the other ways, and the cut ones, by those that differ most. */
const CASES: Case[] = [
  ...STATES.flatMap((state) => Object.keys(VARIANTS).map((variant) => ({ state, variant, way: 'paste' }))),
  ...STATES.flatMap((state) =>
    ['preshared-key', 'hostile-names'].flatMap((variant) =>
      ['paste from Windows', 'import'].map((way) => ({ state, variant, way })),
    ),
  ),
  ...HALVES.flatMap((state) =>
    ['preshared-key', 'own-key', 'dual-stack'].map((variant) => ({ state, variant, way: 'paste' })),
  ),
];

/** One router, made ready for a variant that keeps its own key. */
function prepare(version: string, { state, variant }: Case): { os: RouterOs; input: ScriptInput } {
  const os = routerOf(version, state.defaultFirewall);
  let input = VARIANTS[variant] as ScriptInput;
  if (input.privateKey === undefined) {
    os.terminal().paste(OWN_KEY);
    const publicKey = os.rows('/interface/wireguard')[0]?.['public-key'] ?? '';
    input = input.publicKey === undefined ? input : { ...input, publicKey };
  }
  state.before?.(os, input, version);
  return { os, input };
}

const keyOf = (os: RouterOs, { privateKey }: ScriptInput): string | undefined =>
  privateKey === undefined
    ? os.rows('/interface/wireguard').find((row) => row.name === 'tenant-tunnel')?.['public-key']
    : publicKeyOf(privateKey);

/** What is wrong after the script came to a router in this state; nothing, if it is Online and nothing was lost. */
function wrongAfter(os: RouterOs, input: ScriptInput, { way, state }: Case): string[] {
  const before = os.snapshot();
  const said = WAYS[way]?.(os, renderScript(input)) ?? '';
  const lines = said.split('\n').filter((line) => line.includes('tenant-tunnel: '));
  const isSaid = lines.length === 1 && lines[0]?.includes('is set up') === true;
  return [
    ...obstacles(os, input, keyOf(os, input)),
    ...losses(before, os.snapshot(), state.former).map((one) => `lost ${one}`),
    ...(isSaid ? [] : [`said ${said}`]),
  ];
}

const counts = new Map<string, string[]>();

test.each(VERSIONS)('RouterOS %s is online after the script, and nobody has lost anything', (version) => {
  const wrong: string[] = [];
  const sums = new Map<string, { right: number; of: number }>();
  for (const one of CASES) {
    const { os, input } = prepare(version, one);
    const found = wrongAfter(os, input, one);
    const sum = sums.get(one.state.name) ?? { right: 0, of: 0 };
    sums.set(one.state.name, { right: sum.right + (found.length === 0 ? 1 : 0), of: sum.of + 1 });
    wrong.push(...found.map((text) => `${one.state.name}, ${one.variant}, ${one.way}: ${text}`));
  }
  for (const [name, { right, of }] of sums)
    counts.set(name, [...(counts.get(name) ?? []), `${right} of ${of}`]);
  expect(wrong).toEqual([]);
});

test('the table in docs/routeros-script.md is the one that was found here', () => {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [
    row(['the router before', ...VERSIONS]),
    row(['---', ...VERSIONS.map(() => '---')]),
    ...[...counts].map(([name, cells]) => row([name, ...cells])),
  ].join('\n');
  const [begin, end] = ['<!-- starting states -->\n', '\n<!-- end -->'];
  const text = readFileSync(DOCUMENT, 'utf8');
  const at = text.indexOf(begin) + begin.length;
  const until = text.indexOf(end, at);
  expect(until).toBeGreaterThan(at);
  // After a wanted change: UPDATE_GOLDEN=1 npm run jest -- starting-states, then read the difference.
  if (process.env.UPDATE_GOLDEN === '1')
    writeFileSync(DOCUMENT, text.slice(0, at) + table + text.slice(until));
  else expect(text.slice(at, until)).toBe(table);
  process.stdout.write(`${table}\n`);
});

test('a router on which IPv6 is off is told so in the last line', () => {
  const os = routerOf('7.16.2');
  os.terminal().paste('/ipv6/settings/set disable-ipv6=yes');
  const script = renderScript(VARIANTS['dual-stack'] as ScriptInput);
  expect(os.terminal().paste(script)).toContain('so it goes by IPv4 alone; see /ipv6/settings');
  os.terminal().paste('/ipv6/settings/set disable-ipv6=no');
  expect(os.terminal().paste(script)).not.toContain('IPv4 alone');
});

describe('what is held against the router is really looked at', () => {
  test.each([
    ['/interface/wireguard/disable tenant-tunnel', 'no interface'],
    ['/interface/wireguard/set tenant-tunnel private-key=""', 'another key'],
    ['/interface/wireguard/peers/disable [find]', 'not one peer'],
    ['/interface/wireguard/peers/set [find] endpoint-port=1', 'another port'],
    ['/interface/wireguard/peers/set [find] allowed-address=10.9.0.0/16', 'server not allowed'],
    ['/ip/address/disable [find where interface=tenant-tunnel]', 'another way to the server'],
    [
      '/ip/firewall/filter/remove [find where comment="tenant-tunnel: API from the server"]',
      'the API is dropped',
    ],
    [
      '/ip/firewall/filter/remove [find where comment="tenant-tunnel: WireGuard from the server"]',
      'WireGuard from 198.51.100.7 is dropped',
    ],
    ['/ipv6/firewall/filter/remove [find where comment~"tenant"]', 'WireGuard from 2001:db8::7 is dropped'],
    ['/ipv6/address/add interface=tenant-tunnel address=fd12::1/64', 'another IPv6 address'],
    ['/ip/service/set api port=1', 'the API is off'],
    ['/ip/service/set api address=192.168.88.0/24', 'the API is for others'],
    ['/user/disable [find where name=tenant-tunnel]', 'no log-in'],
  ])('%s: %s', (line, obstacle) => {
    const input = VARIANTS['endpoint-name'] as ScriptInput;
    const os = routerOf('7.16.2');
    os.terminal().paste(renderScript(input));
    expect(obstacles(os, input, keyOf(os, input))).toEqual([]);
    expect(os.terminal().paste(line)).toBe('');
    expect(obstacles(os, input, keyOf(os, input))).toContain(obstacle);
  });

  test.each([
    ['/ip/firewall/filter/remove [find where comment~"ICMP"]', '/ip/firewall/filter'],
    ['/user/set admin comment="other"', '/user'],
    ['/ip/service/set telnet disabled=yes', '/ip/service'],
    ['/ip/service/set api address=10.100.0.1/32', 'API client 192.168.88.0/24'],
  ])('%s: lost %s', (line, lost) => {
    const os = routerOf('7.16.2');
    os.terminal().paste('/ip/service/set api address=192.168.88.0/24');
    const before = os.snapshot();
    os.terminal().paste(renderScript(VARIANTS['endpoint-name'] as ScriptInput));
    expect(losses(before, os.snapshot())).toEqual([]);
    expect(os.terminal().paste(line)).toBe('');
    expect(losses(before, os.snapshot())).toEqual([lost]);
  });
});
