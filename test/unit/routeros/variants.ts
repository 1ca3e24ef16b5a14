import type { ScriptInput } from '../../../src/routeros/index.ts';

/** Keys and passwords here were made for these tests and open nothing. */
export const BASE: ScriptInput = {
  router: { namespace: 'acme', name: 'branch-7' },
  identity: 'branch-7',
  tenant: 'acme',
  address: '10.100.1.1',
  prefixLength: 16,
  mtu: 1420,
  privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
  server: {
    publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
    endpointHost: 'vpn.example.com',
    endpointPort: 51820,
    address: '10.100.0.1',
  },
  persistentKeepaliveSeconds: 25,
  management: { user: 'tenant-tunnel', password: 'Qm3xYp7sT1vW9zA4bC6dE8fG', apiPort: 8728 },
};

const { privateKey: _, ...WITHOUT_KEY } = BASE;
const server = (change: Partial<ScriptInput['server']>): Pick<ScriptInput, 'server'> => ({
  server: { ...BASE.server, ...change },
});

export const HOSTILE = 'Zürich "A" $x [/quit]; \\ \u{1F409}';

/** The variants of the script: each has a golden file of its name. */
export const VARIANTS: Record<string, ScriptInput> = {
  'endpoint-name': BASE,
  'endpoint-ipv4': { ...BASE, ...server({ endpointHost: '198.51.100.7', endpointPort: 51907 }) },
  'endpoint-ipv6': { ...BASE, ...server({ endpointHost: '[2001:db8::7]' }) },
  'preshared-key': { ...BASE, ...server({ presharedKey: 'FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=' }) },
  'own-key': { ...WITHOUT_KEY, publicKey: '1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=' },
  'own-key-unchecked': WITHOUT_KEY,
  'hostile-names': {
    ...BASE,
    router: { namespace: 'acme', name: 'n'.repeat(63) },
    identity: HOSTILE,
    tenant: 'a\r\n/system/reset-configuration\n\u2028#',
    management: { user: 'ops "$(x)" 1', password: 'p"a\\s$s\tw?o\nr;d]', apiPort: 8730 },
  },
  'small-subnet': {
    ...BASE,
    address: '10.200.9.77',
    prefixLength: 20,
    mtu: 1280,
    ...server({ address: '10.200.0.1' }),
    routerSubnets: ['192.168.88.0/24', '172.16.4.0/22'],
  },
  'smallest-subnet': {
    ...BASE,
    address: '10.200.9.94',
    prefixLength: 28,
    ...server({ address: '10.200.9.81' }),
  },
  'dual-stack': { ...BASE, ipv6: { address: 'fd12:3456:789a::101', subnet: 'fd12:3456:789a::/64' } },
  'dual-stack-longest': {
    ...BASE,
    router: { namespace: 'acme', name: 'n'.repeat(63) },
    ipv6: { address: 'fd12:3456:789a:ffff::feff', subnet: 'fd12:3456:789a:ffff::/64' },
    ...server({ presharedKey: 'FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=' }),
  },
  'keepalive-off': { ...BASE, persistentKeepaliveSeconds: 0 },
};
