import { renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import { RouterOs, type Snapshot } from '../../simulator/engine/index.ts';
import { BASE, VARIANTS } from './variants.ts';

const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.19.4', '7.20.8', '7.22.3', '7.24'];
const OWN_KEY = '/interface/wireguard/add name=tenant-tunnel';

function routerOf(version: string, options: { board?: string; defaultFirewall?: boolean } = {}): RouterOs {
  const { board = 'hAP ax2', defaultFirewall = true } = options;
  return new RouterOs({
    version,
    board,
    serialNumber: 'HD608ABCDEF',
    defaultFirewall,
    now: () => Date.UTC(2026, 5, 1),
    random: (size) => new Uint8Array(size).fill(7),
  });
}

/** The last line that a person sees. */
const said = (output: string): string => /tenant-tunnel: [^\r\n]*/.exec(output)?.[0] ?? output;
const paste = (router: RouterOs, input: ScriptInput): string =>
  said(router.terminal().paste(renderScript(input)));

/** What is there beyond and instead of `before`, by menu; the log is no configuration. */
function changed(before: Snapshot, after: Snapshot): string[] {
  const menus = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...menus]
    .filter((menu) => menu !== '/log' && JSON.stringify(before[menu]) !== JSON.stringify(after[menu]))
    .sort();
}

const TOUCHED = [
  '/interface/wireguard',
  '/interface/wireguard/peers',
  '/ip/address',
  '/ip/firewall/filter',
  '/ip/service',
  '/ipv6/firewall/filter',
  '/system/identity',
  '/tool/netwatch',
  '/user',
  '/user/group',
];
const derived = (menu: string): boolean =>
  ['/interface', '/ip/route', '/ipv6/address', '/ipv6/route'].includes(menu);

describe.each(VERSIONS)('pasted into RouterOS %s as it comes from the factory', (version) => {
  test.each(Object.keys(VARIANTS))('the script of variant %s does what it says, once and twice', (name) => {
    const input = VARIANTS[name] as ScriptInput;
    const router = routerOf(version);
    if (input.privateKey === undefined) router.terminal().paste(OWN_KEY);
    const [own] = router.rows('/interface/wireguard');
    const wanted = input.publicKey === undefined ? input : { ...input, publicKey: own?.['public-key'] ?? '' };
    const first = paste(router, wanted);
    expect(first).toContain(`${input.router.namespace}/${input.router.name} is set up`);
    const after = router.snapshot();
    expect(paste(router, wanted)).toBe(first);
    expect(router.snapshot()).toEqual(after);

    const only = (menu: string, match: Record<string, string>) =>
      router.rows(menu).filter((row) => Object.entries(match).every(([key, value]) => row[key] === value));
    expect(only('/interface/wireguard/peers', { interface: 'tenant-tunnel' })).toHaveLength(1);
    expect(only('/ip/address', { interface: 'tenant-tunnel' }).map((row) => row.address)).toEqual([
      `${input.address}/${input.prefixLength}`,
    ]);
    expect(router.rows('/system/identity')[0]?.name).toBe(input.identity);
    const [user] = only('/user', { name: input.management.user });
    expect(user?.address).toMatch(new RegExp(`^${input.server.address}(/32)?$`));
    const [service] = only('/ip/service', { name: 'api' });
    expect([service?.disabled, service?.port]).toEqual(['false', String(input.management.apiPort)]);
    expect(service?.['available-from'] ?? service?.address).toBe(`${input.server.address}/32`);
    const filter = router.rows('/ip/firewall/filter');
    const api = filter.findIndex((row) => row.comment === 'tenant-tunnel: API from the server');
    const drop = filter.findIndex((row) => row.chain === 'input' && row.action === 'drop');
    expect(api).toBeGreaterThanOrEqual(0);
    expect(api).toBeLessThan(drop);
    router.authenticate(input.management.user, input.management.password, input.server.address);
    expect(() =>
      router.authenticate(input.management.user, input.management.password, '192.168.88.10'),
    ).toThrow();
  });

  test('nothing but what the script is for has changed', () => {
    const router = routerOf(version);
    const before = router.snapshot();
    paste(router, BASE);
    const after = router.snapshot();
    expect(changed(before, after).filter((menu) => !derived(menu))).toEqual(TOUCHED);
    for (const menu of [
      '/ip/firewall/filter',
      '/ipv6/firewall/filter',
      '/ip/address',
      '/user',
      '/user/group',
    ])
      expect(after[menu]).toEqual(expect.arrayContaining([...(before[menu] ?? [])]));
  });
});

describe.each(['7.9.2', '7.16.2', '7.20.8', '7.24'])('on RouterOS %s', (version) => {
  const list = version === '7.24' ? 'available-from' : 'address';

  test('over an older version of itself it ends in the state of the newest alone', () => {
    const older: ScriptInput = {
      ...BASE,
      identity: 'old-name',
      address: '10.101.7.9',
      prefixLength: 20,
      mtu: 1280,
      privateKey: 'kMkqtvKOJkTDGXvdgXnSnKcvjrKFdtl+AnmBxJE2aEM=',
      server: {
        publicKey: '1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=',
        presharedKey: 'FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=',
        endpointHost: '2001:db8::7',
        endpointPort: 51999,
        address: '10.101.0.1',
      },
      management: { user: 'old-user', password: 'OldPassword0123456789', apiPort: 8799 },
    };
    const router = routerOf(version);
    paste(router, older);
    expect(paste(router, BASE)).toContain('is set up');
    const fresh = routerOf(version);
    paste(fresh, BASE);
    // The port it listens on is the one thing that stays: a NAT on the way may know it.
    expect(router.snapshot()).toEqual(fresh.snapshot());
  });

  test("a customer's list of API clients is added to, once", () => {
    const router = routerOf(version);
    router.terminal().paste(`/ip/service/set api ${list}=192.168.88.0/24,203.0.113.9/32`);
    paste(router, { ...BASE, server: { ...BASE.server, address: '10.100.0.9' } });
    paste(router, BASE);
    const [api] = router.rows('/ip/service').filter((row) => row.name === 'api');
    expect(
      api?.[list]
        ?.split(',')
        .map((entry) => entry.replace('/32', ''))
        .sort(),
    ).toEqual(['10.100.0.1', '192.168.88.0/24', '203.0.113.9']);
  });

  test('open connections to the API, which newer versions list under its name, do not stand in the way', () => {
    const router = routerOf(version);
    router.observeConnections([
      { service: 'api', local: '192.168.88.1:8728', remote: '192.168.88.10:40022' },
      { service: 'api', local: '192.168.88.1:8728', remote: '192.168.88.10:40023' },
    ]);
    expect(paste(router, BASE)).toContain('is set up');
    const [api] = router.rows('/ip/service').filter((row) => row.name === 'api' && row.dynamic !== 'true');
    expect(api?.[list]).toBe('10.100.0.1/32');
  });

  test('a router whose API is off and on another port gets it on, and on the right one', () => {
    const router = routerOf(version);
    router.terminal().paste('/ip/service/set api disabled=yes port=9999');
    expect(paste(router, BASE)).toContain('is set up');
    const [api] = router.rows('/ip/service').filter((row) => row.name === 'api');
    expect([api?.disabled, api?.port]).toEqual(['false', '8728']);
  });

  test('a router without any firewall gets the rules at the end, and again only once', () => {
    const router = routerOf(version, { defaultFirewall: false });
    paste(router, BASE);
    expect(paste(router, BASE)).toContain('is set up');
    expect(router.rows('/ip/firewall/filter').map((row) => row.comment)).toEqual([
      'tenant-tunnel: API from the server',
      'tenant-tunnel: WireGuard from the server',
    ]);
  });

  test('rules that somebody moved behind a drop come before it again', () => {
    const router = routerOf(version);
    paste(router, BASE);
    router
      .terminal()
      .paste(
        '/ip/firewall/filter/add chain=input action=reject comment=first place-before=[find where comment="tenant-tunnel: API from the server"]',
      );
    paste(router, BASE);
    const comments = router.rows('/ip/firewall/filter').map((row) => row.comment ?? '');
    const first = comments.indexOf('first');
    expect(first).toBeGreaterThan(0);
    expect(comments.slice(first - 2, first)).toEqual([
      'tenant-tunnel: API from the server',
      'tenant-tunnel: WireGuard from the server',
    ]);
    expect(comments.filter((comment) => comment.startsWith('tenant-tunnel'))).toHaveLength(2);
  });

  test("a customer's own WireGuard stays as it is, and ours takes another port", () => {
    const router = routerOf(version);
    const terminal = router.terminal();
    terminal.paste('/interface/wireguard/add name=theirs listen-port=13871');
    terminal.paste(
      '/interface/wireguard/peers/add interface=theirs public-key="1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=" allowed-address=10.9.0.0/24',
    );
    const theirs = () => [
      router.rows('/interface/wireguard').filter((row) => row.name === 'theirs'),
      router.rows('/interface/wireguard/peers').filter((row) => row.interface === 'theirs'),
    ];
    const before = theirs();
    expect(paste(router, BASE)).toContain('is set up');
    expect(theirs()).toEqual(before);
    const [ours] = router.rows('/interface/wireguard').filter((row) => row.name === 'tenant-tunnel');
    expect(ours?.['listen-port']).toBe('13872');
    const [rule] = router
      .rows('/ip/firewall/filter')
      .filter((row) => row.comment?.includes('WireGuard from') === true);
    expect(rule?.['dst-port']).toBe('13872');
  });

  test("a customer's user of the same name is not touched: the script says so and does the rest", () => {
    const router = routerOf(version);
    const input = { ...BASE, management: { ...BASE.management, user: 'admin' } };
    const before = router.rows('/user');
    const line = paste(router, input);
    expect(line).toMatch(/FAILED.*user: /);
    expect(router.rows('/user')).toEqual(before);
    expect(router.rows('/system/identity')[0]?.name).toBe(BASE.identity);
    expect(
      router.rows('/ip/firewall/filter').some((row) => row.comment?.startsWith('tenant-tunnel') === true),
    ).toBe(true);
  });

  test('a router that is to have its own key and has no interface is not touched, and told how to make it', () => {
    const router = routerOf(version);
    const before = router.snapshot();
    expect(paste(router, VARIANTS['own-key'] as ScriptInput)).toMatch(
      /FAILED.*\/interface\/wireguard\/add name=tenant-tunnel.*spec\.publicKey/,
    );
    expect(changed(before, router.snapshot())).toEqual([]);
  });

  test('a router with another key of its own than the manifest says is not touched', () => {
    const router = routerOf(version);
    router.terminal().paste(OWN_KEY);
    const before = router.snapshot();
    expect(paste(router, VARIANTS['own-key'] as ScriptInput)).toMatch(/FAILED.*public key is not the one/);
    expect(changed(before, router.snapshot())).toEqual([]);
  });

  test('it waits for the first handshake and says that the tunnel is up', async () => {
    const router = routerOf(version);
    let waited = 0;
    const output = await router.terminal().pasteInto(
      {
        delay: async () => {
          waited += 1;
          const [peer] = router.rows('/interface/wireguard/peers');
          if (waited === 3 && peer !== undefined)
            router.observePeer(peer['.id'] ?? '', {
              lastHandshake: Date.UTC(2026, 5, 1) - 1000,
              rx: 92,
              tx: 148,
            });
        },
        resolve: async () => undefined,
        ping: async () => 0,
      },
      renderScript(BASE),
    );
    expect(said(output)).toBe('tenant-tunnel: OK, acme/branch-7 is set up and the tunnel is up.');
    expect(waited).toBe(3);
  });

  test('without a handshake it says what to look at', () => {
    expect(paste(routerOf(version), BASE)).toContain('vpn.example.com port 51820 does not answer yet');
  });
});
