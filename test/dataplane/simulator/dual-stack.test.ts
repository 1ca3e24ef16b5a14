/** IPv6 inside of tunnels: routers set up by their scripts, on the sidecar's own tunnels, with real WireGuard. */
import { jest } from '@jest/globals';
import { renderScript } from '../../../src/routeros/index.ts';
import {
  generateKeyPair,
  type KeyPair,
  publicKeyOf,
  type TunnelState,
} from '../../../src/wireguard/index.ts';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { runInside } from '../../testbed/namespaces.ts';
import { dataplane, leftOut } from '../sidecar/dataplane.ts';
import { Gateway } from '../sidecar/gateway.ts';
import { stateOf } from '../sidecar/tunnel-state.ts';

interface Member {
  name: string;
  tunnel: 0 | 1;
  host: number;
  version: string;
  ipv6?: 'off';
}

/** Tunnel 0 is one tenant's, tunnel 1 another's; the third router of the first has IPv6 turned off. */
const MEMBERS: Member[] = [
  { name: 'acme-1', tunnel: 0, host: 1, version: '7.9.2' },
  { name: 'acme-2', tunnel: 0, host: 2, version: '7.24' },
  { name: 'acme-3', tunnel: 0, host: 3, version: '7.16.2', ipv6: 'off' },
  { name: 'beta-1', tunnel: 1, host: 1, version: '7.20.8' },
];

const address = ({ tunnel, host }: Member): string => `10.${100 + tunnel}.1.${host}`;
const subnet6 = (tunnel: 0 | 1): string => (tunnel === 0 ? 'fd12:3456:789a' : 'fd12:3456:789a:1');
const address6 = ({ tunnel, host }: Member): string => `${subnet6(tunnel)}::10${host}`;

dataplane(`routers with IPv6 in their tunnels${leftOut}`, () => {
  const keys = new Map<Member, KeyPair>(MEMBERS.map((member) => [member, generateKeyPair()]));
  const said = new Map<string, string>();
  let gateway: Gateway;
  let states: [TunnelState, TunnelState];
  let routers: SimulatedRouter[];
  jest.setTimeout(120_000);

  const stateFor = (tunnel: 0 | 1): TunnelState =>
    stateOf(tunnel, {
      addresses: [`10.${100 + tunnel}.0.1/16`, `${subnet6(tunnel)}::1/64`],
      peers: MEMBERS.filter((member) => member.tunnel === tunnel).map((member) => ({
        publicKey: keys.get(member)?.publicKey ?? '',
        allowedIPs: [`${address(member)}/32`, `${address6(member)}/128`],
      })),
    });

  const scriptOf = (member: Member): string => {
    const { privateKey, listenPort } = states[member.tunnel];
    return renderScript({
      router: { namespace: 'test', name: member.name },
      identity: member.name,
      tenant: member.tunnel === 0 ? 'acme' : 'beta',
      address: address(member),
      prefixLength: 16,
      ipv6: { address: address6(member), subnet: `${subnet6(member.tunnel)}::/64` },
      mtu: 1420,
      privateKey: keys.get(member)?.privateKey ?? '',
      server: {
        publicKey: publicKeyOf(privateKey),
        endpointHost: gateway.node.address,
        endpointPort: listenPort,
        address: `10.${100 + member.tunnel}.0.1`,
      },
      persistentKeepaliveSeconds: 1,
      management: { user: 'tenant-tunnel', password: 'a password of sixteen', apiPort: 8728 },
    });
  };

  beforeAll(async () => {
    gateway = await Gateway.create();
    states = [stateFor(0), stateFor(1)];
    for (const state of states) await gateway.client.put(state);
    const { network } = gateway;
    routers = await Promise.all(
      MEMBERS.map(async (member) => {
        const router = await SimulatedRouter.start({ network, name: member.name, version: member.version });
        if (member.ipv6 === 'off') router.os.terminal().paste('/ipv6/settings/set disable-ipv6=yes');
        said.set(member.name, await router.paste(scriptOf(member)));
        return router;
      }),
    );
  });
  afterAll(async () => {
    await Promise.all((routers ?? []).map((router) => router.stop()));
    await gateway?.destroy();
  });

  const reaches = (from: number, to: string, tries = 3): Promise<boolean> =>
    runInside(routers[from]?.netns ?? '', 'ping', [
      '-q',
      '-c',
      String(tries),
      '-i',
      '0.2',
      '-W',
      '1',
      to,
    ]).then(
      () => true,
      () => false,
    );
  const [first, second, third, other] = MEMBERS as [Member, Member, Member, Member];

  test('reach the server and each other, and the server reaches them', async () => {
    for (const name of ['acme-1', 'acme-2', 'beta-1'])
      expect(said.get(name)).toContain(`tenant-tunnel: OK, test/${name} is set up and the tunnel is up.\n`);
    expect(await reaches(0, `${subnet6(0)}::1`)).toBe(true);
    expect(await reaches(1, `${subnet6(0)}::1`)).toBe(true);
    expect(await reaches(3, `${subnet6(1)}::1`)).toBe(true);
    expect(await reaches(0, address6(second))).toBe(true);
    expect(await reaches(1, address6(first))).toBe(true);
    expect(await gateway.inTunnel('wg0', 'ping', '-q', '-c', '1', '-W', '2', address6(first))).toContain(
      ' 0%',
    );
  });

  test('do not reach another tenant, nor its server', async () => {
    expect(await reaches(0, address6(other), 1)).toBe(false);
    expect(await reaches(0, `${subnet6(1)}::1`, 1)).toBe(false);
    expect(await reaches(3, address6(first), 1)).toBe(false);
  });

  test('and one on which IPv6 is off is in the tunnel by IPv4, says so, and gets it once that is on', async () => {
    expect(said.get('acme-3')).toContain(
      'OK, test/acme-3 is set up and the tunnel is up. IPv6 is off here or was refused, so it goes by IPv4 alone; see /ipv6/settings, then paste again.',
    );
    expect(await reaches(2, '10.100.0.1')).toBe(true);
    expect(await reaches(2, `${subnet6(0)}::1`, 1)).toBe(false);
    const router = routers[2] as SimulatedRouter;
    router.os.terminal().paste('/ipv6/settings/set disable-ipv6=no');
    expect(await router.paste(scriptOf(third))).not.toContain('IPv4 alone');
    expect(await reaches(2, `${subnet6(0)}::1`)).toBe(true);
    expect(await reaches(2, address6(first))).toBe(true);
  });

  test('do not reach each other where that is denied, and reach the server all the same', async () => {
    await gateway.client.put({ ...states[0], routerToRouter: 'Deny' });
    expect(await reaches(0, address6(second), 1)).toBe(false);
    expect(await reaches(0, `${subnet6(0)}::1`)).toBe(true);
    await gateway.client.put(states[0]);
    expect(await reaches(0, address6(second))).toBe(true);
  });

  test('are reached by what their own firewall lets in', async () => {
    const { os } = routers[1] as SimulatedRouter;
    const rule = 'chain=input action=drop protocol=icmpv6 in-interface=tenant-tunnel comment=theirs';
    expect(os.terminal().paste(`/ipv6/firewall/filter/add ${rule} place-before=[:pick [find] 0 1]`)).toBe('');
    await routers[1]?.settled();
    expect(await reaches(0, address6(second), 1)).toBe(false);
    os.terminal().paste('/ipv6/firewall/filter/remove [find where comment=theirs]');
    await routers[1]?.settled();
    expect(await reaches(0, address6(second))).toBe(true);
  });

  test('keep their addresses through a power cut', async () => {
    const router = routers[0] as SimulatedRouter;
    await router.powerOff();
    await router.powerOn();
    await router.settled();
    expect(await reaches(0, address6(second), 10)).toBe(true);
  });
});
