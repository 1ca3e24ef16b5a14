/** Who is there: three tenants with two routers each on one gateway node, and what a node of a cluster has beside them. */
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
}

export interface Tenant {
  name: string;
  state: TunnelState;
  server: string;
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

export async function createCast(): Promise<Cast> {
  const gateway = await Gateway.create();
  try {
    return { gateway, tenants: await settle(gateway), ...(await surround(gateway)) };
  } catch (error) {
    await gateway.destroy();
    throw error;
  }
}

async function settle(gateway: Gateway): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (const [index, { name, subnet, lans, routerToRouter }] of PLANS.entries()) {
    const members: Member[] = [];
    for (const [number, lan] of lans.entries()) {
      const router = await Router.create(gateway, `${name}-${number + 1}`, `${subnet}.1.${number + 1}`);
      members.push({ router, lan: `${lan}.0/24`, lanHost: `${lan}.7` });
    }
    const peers = members.map(({ router: { peer }, lan }) => ({
      ...peer,
      allowedIPs: [...peer.allowedIPs, lan],
    }));
    const state = stateOf(index, { addresses: [`${subnet}.0.1/16`], peers, routerToRouter });
    await gateway.client.put(state);
    for (const { router } of members) await join(router, state);
    tenants.push({
      name,
      state,
      server: `${subnet}.0.1`,
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
async function surround({ network, node }: Gateway): Promise<Pick<Cast, 'pod' | 'metadata' | 'host'>> {
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
  const translate = [`ip daddr ${SERVICE} dnat to ${POD}`, `ip daddr ${API_SERVICE} dnat to ${API_SERVER}`];
  const chain = (hook: string): string =>
    `chain ${hook} { type nat hook ${hook} priority -100; ${translate.join('; ')}; }`;
  const rules = ['table ip services {', chain('prerouting'), chain('output'), '}', ''].join('\n');
  await node.exec('nft', ['-f', '-'], rules);
  return { pod, metadata, host };
}
