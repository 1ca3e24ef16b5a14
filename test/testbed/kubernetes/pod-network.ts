/** The addresses of pods, and their way out of a node. */
import { runInside } from '../namespaces.ts';

/** All pods'. None of the test internet's, and none that tenants' tunnels have by default. */
export const POD_RANGE = '10.244.0.0/16';

/** The pods' of the node at this place, counted from 0. */
export const podRange = (index: number): string => `10.244.${index + 1}.0/24`;

export interface PodNetwork {
  netns: string;
  /** Ranges of other nodes' pods → those nodes' addresses. */
  others: ReadonlyMap<string, string>;
  gateway: string;
}

/** Makes a node route: to pods of other nodes as they are, elsewhere under its own address. */
export async function routePods({ netns, others, gateway }: PodNetwork): Promise<void> {
  await runInside(netns, 'sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  const lines = [
    'link set ether1 up',
    `route replace default via ${gateway} dev ether1`,
    ...[...others].map(([range, address]) => `route replace ${range} via ${address} dev ether1`),
  ];
  await runInside(netns, 'ip', ['-batch', '-'], `${lines.join('\n')}\n`);
  await runInside(netns, 'nft', ['-f', '-'], MASQUERADE);
}

const MASQUERADE = `table ip pods {}
delete table ip pods
table ip pods {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr ${POD_RANGE} ip daddr != ${POD_RANGE} oifname "ether1" masquerade
  }
}
`;

/** Takes a dead node's cable out and forgets what it had made: its interfaces, its rules. */
export async function darken(netns: string): Promise<void> {
  const links = JSON.parse(await runInside(netns, 'ip', ['-json', 'link', 'show'])) as { ifname: string }[];
  const made = links.map(({ ifname }) => ifname).filter((name) => name !== 'lo' && name !== 'ether1');
  const lines = ['link set ether1 down', ...made.map((name) => `link del ${name}`)];
  await runInside(netns, 'ip', ['-force', '-batch', '-'], `${lines.join('\n')}\n`).catch(() => undefined);
  await runInside(netns, 'nft', ['flush', 'ruleset']);
}

/** For containerd: a bridge on each node, addresses handed out by the node itself. */
export function cniConfig(range: string): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: range }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}
