/** Who is there: three tenants with two routers each on one gateway node, and what a node of a cluster has beside them. */
import { addressIn6 } from '../../../src/api/index.ts';
import { publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { Gateway } from '../sidecar/gateway.ts';
import { Router } from '../sidecar/router.ts';
import { stateOf } from '../sidecar/tunnel-state.ts';

export interface Member {
  router: Router;
  /** The network behind it, and a machine there. */
  lan: string;
  lanHost: string;
  /** Its IPv6 address, where the cast has IPv6. */
  address6: string;
}

export interface Tenant {
  name: string;
  state: TunnelState;
  server: string;
  /** Its IPv6 address, where the cast has IPv6. */
  server6: string;
  members: [Member, Member];
  /** Of its network namespace, for this process. */
  namespace: string;
}

export const POD = '10.244.0.10';
/** The pod's second address, which stands for the API server. */
const API_SERVER = '10.244.0.11';
export const SERVICE = '10.96.0.50';
export const API_SERVICE = '10.96.0.1';
export const METADATA = '169.254.169.254';
export const NODE_INSIDE = '10.244.0.1';
export const POD_6 = 'fd44::10';
export const NODE_INSIDE_6 = 'fd44::1';

export const namespaceOf = ({ pid }: TestNode): string => `/proc/${pid}/ns/net`;

export interface Cast {
  gateway: Gateway;
  tenants: Tenant[];
  pod: TestNode;
  metadata: TestNode;
  /** Another machine of the internet. */
  host: TestNode;
}

/** Acme and beta have the same subnet; beta's routers are not to reach each other. */
const PLANS = [
  { name: 'acme', subnet: '10.100', lans: ['192.168.88', '192.168.99'], routerToRouter: 'Allow' },
  { name: 'beta', subnet: '10.100', lans: ['192.168.88', '172.16.5'], routerToRouter: 'Deny' },
  { name: 'cora', subnet: '10.101', lans: ['192.168.88', '10.96.7'], routerToRouter: 'Allow' },
] as const;

/** `ipv6`: tunnels and routers have IPv6 as well, and so have the node and its pod. */
export async function createCast({ ipv6 = false } = {}): Promise<Cast> {
  const gateway = await Gateway.create();
  try {
    return { gateway, tenants: await settle(gateway, ipv6), ...(await surround(gateway, ipv6)) };
  } catch (error) {
    await gateway.destroy();
    throw error;
  }
}

/** Of the tunnel with this index. */
const subnet6 = (index: number): string => `fd12:3456:789a${index === 0 ? '' : `:${index}`}::/64`;

async function settle(gateway: Gateway, ipv6: boolean): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (const [index, { name, subnet, lans, routerToRouter }] of PLANS.entries()) {
    const members: Member[] = [];
    for (const [number, lan] of lans.entries()) {
      const router = await Router.create(gateway, `${name}-${number + 1}`, `${subnet}.1.${number + 1}`);
      const address6 = addressIn6(subnet6(index), 257 + number);
      if (ipv6) await router.node.exec('ip', ['addr', 'add', `${address6}/64`, 'dev', 'rt0', 'nodad']);
      members.push({ router, lan: `${lan}.0/24`, lanHost: `${lan}.7`, address6 });
    }
    const peers = members.map(({ router: { peer }, lan, address6 }) => ({
      ...peer,
      allowedIPs: [...peer.allowedIPs, ...(ipv6 ? [`${address6}/128`] : []), lan],
    }));
    const server6 = addressIn6(subnet6(index), 1);
    const addresses = [`${subnet}.0.1/16`, ...(ipv6 ? [`${server6}/64`] : [])];
    const state = stateOf(index, { addresses, peers, routerToRouter });
    await gateway.client.put(state);
    for (const { router } of members) await join(router, state);
    tenants.push({
      name,
      state,
      server: `${subnet}.0.1`,
      server6,
      members: members as [Member, Member],
      namespace: `/proc/${gateway.node.pid}/root/run/netns/tto-wg${index}`,
    });
  }
  for (const { server, members } of tenants)
    for (const { router } of members) await router.awaitReach(server);
  return tenants;
}

/** Whatever the router sends goes into the tunnel, IPv6 too. */
async function join(router: Router, { privateKey, listenPort }: TunnelState): Promise<void> {
  const publicKey = publicKeyOf(privateKey);
  await router.join({ publicKey, listenPort });
  await router.node.exec('wg', ['set', 'rt0', 'peer', publicKey, 'allowed-ips', '0.0.0.0/0,::/0']);
}

/** A pod, a metadata service, and Services that the node translates, as its kube-proxy would. */
async function surround(
  { network, node }: Gateway,
  ipv6: boolean,
): Promise<Pick<Cast, 'pod' | 'metadata' | 'host'>> {
  const pod = await createNode(network, 'pod');
  const metadata = await createNode(network, 'metadata');
  const host = await createNode(network, 'host');
  const cable = (name: string, to: TestNode): Promise<string> =>
    node.exec('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(to.pid)]);
  const batch = (where: TestNode, lines: string[]): Promise<string> =>
    where.exec('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
  await cable('cni0', pod);
  await cable('meta0', metadata);
  await batch(node, [
    `addr add ${NODE_INSIDE}/24 dev cni0`,
    'link set cni0 up',
    'link set meta0 up',
    `route add ${METADATA}/32 dev meta0`,
  ]);
  await batch(pod, [
    `addr add ${POD}/24 dev eth0`,
    `addr add ${API_SERVER}/24 dev eth0`,
    'link set eth0 up',
    `route replace default via ${NODE_INSIDE}`,
  ]);
  await batch(metadata, [
    `addr add ${METADATA}/32 dev eth0`,
    'link set eth0 up',
    `route add ${node.address}/32 dev eth0`,
  ]);
  await node.exec('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  if (ipv6) {
    await node.exec('sysctl', ['-q', '-w', 'net.ipv6.conf.all.forwarding=1']);
    await batch(node, [`addr add ${NODE_INSIDE_6}/64 dev cni0 nodad`]);
    await batch(pod, [`addr add ${POD_6}/64 dev eth0 nodad`, `route replace default via ${NODE_INSIDE_6}`]);
  }
  const translate = [`ip daddr ${SERVICE} dnat to ${POD}`, `ip daddr ${API_SERVICE} dnat to ${API_SERVER}`];
  const chain = (hook: string): string =>
    `chain ${hook} { type nat hook ${hook} priority -100; ${translate.join('; ')}; }`;
  const rules = ['table ip services {', chain('prerouting'), chain('output'), '}', ''].join('\n');
  await node.exec('nft', ['-f', '-'], rules);
  return { pod, metadata, host };
}
