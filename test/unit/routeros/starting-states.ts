import { renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';

/** The versions of which the manual of the script speaks, each by its last release. */
export const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.20.8', '7.22.3', '7.24'];

export function routerOf(version: string, defaultFirewall = true): RouterOs {
  let seed = 0;
  return new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: 'HD608ABCDEF',
    defaultFirewall,
    now: () => Date.UTC(2026, 5, 1),
    random: (size) => Uint8Array.from({ length: size }, () => (seed = (seed * 31 + 7) % 251)),
  });
}

export interface StartingState {
  name: string;
  /** MikroTik's default configuration is there; default true. */
  defaultFirewall?: boolean;
  /** Whatever was done to the router before the script comes. */
  before?: (os: RouterOs, input: ScriptInput, version: string) => void;
  /** Server of an earlier script. */
  former?: string;
}

/** A router that another script of the same Router was pasted into long ago. */
const OLDER = {
  identity: 'old-name',
  address: '10.101.7.9',
  prefixLength: 20,
  mtu: 1280,
  server: {
    publicKey: '1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=',
    presharedKey: 'FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=',
    endpointHost: '2001:db8::99',
    endpointPort: 51999,
    address: '10.101.0.1',
  },
  management: { user: 'old-user', password: 'OldPassword0123456789', apiPort: 8799 },
} satisfies Partial<ScriptInput>;

const type = (os: RouterOs, lines: readonly string[]): void => {
  const said = os.terminal().paste(lines.join('\n'));
  if (said !== '') throw new Error(`the starting state is refused: ${said}`);
};

const listOf = (version: string): string => (version === '7.24' ? 'available-from' : 'address');

/** A person's own firewall: chains of their own, address lists, services for the office alone, the API moved and off. */
const customers = (version: string): string[] => [
  '/interface/list/add name=OFFICE',
  '/interface/list/member/add list=OFFICE interface=ether1',
  '/user/group/add name=field policy=read,test',
  '/user/add name=tech group=field password=x comment="our man"',
  `/ip/service/set api disabled=yes port=9999 ${listOf(version)}=192.168.88.0/24,203.0.113.9/32`,
  `/ip/service/set winbox ${listOf(version)}=192.168.88.0/24`,
  '/ip/service/set telnet disabled=yes',
  '/system/identity/set name=theirs',
  '/ip/firewall/filter/add chain=input action=accept connection-state=established,related comment="est"',
  '/ip/firewall/filter/add chain=input action=jump jump-target=office comment="office first"',
  '/ip/firewall/filter/add chain=office action=accept in-interface-list=OFFICE protocol=tcp dst-port=8291',
  '/ip/firewall/filter/add chain=office action=drop protocol=udp comment="no udp"',
  '/ip/firewall/filter/add chain=office action=drop protocol=tcp comment="no tcp"',
  '/ip/firewall/filter/add chain=input action=reject reject-with=icmp-network-unreachable',
  '/ip/firewall/filter/add chain=forward action=drop connection-state=invalid',
  '/ipv6/firewall/filter/add chain=input action=drop',
  '/ipv6/address/add interface=ether1 address=2001:db8:1::2/64 advertise=no',
  '/ip/firewall/nat/add chain=srcnat action=masquerade out-interface=ether1',
  '/ip/route/add dst-address=10.0.0.0/8 gateway=192.0.2.254',
  '/tool/netwatch/add host=9.9.9.9 comment="is the internet there"',
];

const OTHER_TUNNELS = [
  '/interface/wireguard/add name=office listen-port=13871',
  '/interface/wireguard/add name=home listen-port=13872 private-key="kMkqtvKOJkTDGXvdgXnSnKcvjrKFdtl+AnmBxJE2aEM="',
  '/interface/wireguard/peers/add interface=office public-key="1kGKd7hRZ1UdXBdI9t1hU8Wc0oMZ9ySh3ScvZgvyA0I=" allowed-address=10.0.0.0/8 comment="office"',
  '/interface/wireguard/peers/add interface=home public-key="eXFMdcTVwxX8p9kXGzmcZ6kqFWqPmlzqwYTXFJc4UGE=" allowed-address=0.0.0.0/0 endpoint-address=198.51.100.77 endpoint-port=51820',
  '/ip/address/add interface=office address=10.0.0.7/8',
  '/ip/address/add interface=home address=172.31.0.2/30',
  '/ip/firewall/filter/add chain=input action=accept protocol=udp dst-port=13871,13872 place-before=*2',
];

/** Goes on until the router has been changed so often; what was done stays done, as when the power fails. */
function pasteUntilCut(os: RouterOs, script: string, changes: number): void {
  let seen = 0;
  const stop = os.onChange((change) => {
    if (!('dynamic' in change) || change.dynamic || change.menu === '/log') return;
    seen += 1;
    if (seen >= changes) throw new PowerCut();
  });
  try {
    os.terminal().paste(script);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  } finally {
    stop();
  }
}

class PowerCut extends Error {}

/** More than the script makes on any router: one of these cuts comes after its end. */
const MOST_CHANGES = 24;
const PIECES = 12;

export const STATES: readonly StartingState[] = [
  { name: 'factory default firewall' },
  { name: 'empty', defaultFirewall: false },
  {
    name: "customer's own firewall, services for some addresses",
    defaultFirewall: false,
    before: (os, _, version) => type(os, customers(version)),
  },
  { name: 'pasted before', before: (os, input) => void os.terminal().paste(renderScript(input)) },
  {
    name: 'an older script pasted before',
    before: (os, input) => {
      // With IPv6 there was some in the older one, too: another network of it.
      const ipv6 = input.ipv6 && { ipv6: { address: 'fd99::f09', subnet: 'fd99::/64' } };
      os.terminal().paste(renderScript({ ...input, ...OLDER, ...ipv6 }));
    },
    former: OLDER.server.address,
  },
  {
    name: 'pasted before, and tampered with',
    before: (os, input) => {
      os.terminal().paste(renderScript(input));
      type(os, [
        '/interface/wireguard/set tenant-tunnel disabled=yes',
        '/interface/wireguard/peers/disable [find]',
        '/ip/address/disable [find where interface=tenant-tunnel]',
        '/ipv6/address/disable [find where interface=tenant-tunnel]',
        '/user/disable [find where comment="tenant-tunnel: management"]',
        '/ip/service/disable api',
        '/ip/firewall/filter/disable [find where comment="tenant-tunnel: API from the server"]',
        '/ip/firewall/filter/add chain=input action=drop place-before=[:pick [find where chain=input] 0 1] comment="theirs now"',
      ]);
    },
  },
  { name: 'other WireGuard tunnels', before: (os) => type(os, OTHER_TUNNELS) },
  { name: 'IPv6 turned off', before: (os) => type(os, ['/ipv6/settings/set disable-ipv6=yes']) },
];

/** Half of the script was there before: the router lost power after so many changes, or the paste broke off. */
export const HALVES: readonly StartingState[] = [
  ...Array.from({ length: MOST_CHANGES }, (_, changes) => ({
    name: 'half of it pasted before: power cut',
    before: (os: RouterOs, input: ScriptInput) => pasteUntilCut(os, renderScript(input), changes + 1),
  })),
  ...Array.from({ length: PIECES }, (_, piece) => ({
    name: 'half of it pasted before: text cut',
    before: (os: RouterOs, input: ScriptInput) => {
      const script = renderScript(input);
      os.terminal().paste(script.slice(0, Math.floor((script.length * (piece + 1)) / (PIECES + 1))));
    },
  })),
];
