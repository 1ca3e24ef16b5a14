/** What routers in the field live by, as it is at one time, to be compared with another. */
import { PEERS_KEY, PRIVATE_KEY, TUNNEL_KEY } from '../../../src/api/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { type ControllerHarness, GATEWAYS, until } from '../controller/harness.ts';
import { quiet, routersIn } from './fleet.ts';

export interface Given {
  /** Router → its address. */
  addresses: Record<string, string | undefined>;
  /** Router → its public key. */
  keys: Record<string, string | undefined>;
  /** TenantTunnel → index, interface, subnet, port, the server's address and public key. */
  tunnels: Record<string, unknown>;
  /** What the agents get: peers, log-ins and the servers' private keys; without uids and nodes. */
  gateways: Record<string, unknown>;
}

export async function givenNow(harness: ControllerHarness): Promise<Given> {
  await quiet(harness);
  const routers = (await routersIn(harness)).map(
    ({ metadata, status }) => [`${metadata.namespace}/${metadata.name}`, status] as const,
  );
  const tunnels = (await harness.tunnels()).map(({ metadata, status = {} }) => {
    const { index, interfaceName, subnet, serverAddress, listenPort, publicKey } = status;
    return [
      `${metadata.namespace}/${metadata.name}`,
      { index, interfaceName, subnet, serverAddress, listenPort, publicKey },
    ] as const;
  });
  return {
    addresses: Object.fromEntries(routers.map(([key, status]) => [key, status?.address])),
    keys: Object.fromEntries(routers.map(([key, status]) => [key, status?.publicKey])),
    tunnels: Object.fromEntries(tunnels),
    gateways: await atGateways(harness),
  };
}

/** Waits until as many routers have an address as had one before; what they have is not looked at. */
async function untilAllAreServed(harness: ControllerHarness, before: Given): Promise<void> {
  const wanted = Object.keys(before.addresses).length;
  await until(`${wanted} Routers have their addresses`, async () => {
    const all = await routersIn(harness);
    return all.filter(({ status }) => status?.address !== undefined).length === wanted;
  });
}

/** Names of what is not as it was. */
export function changes(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}

/** 0 changed addresses, 0 changed keys; nor anything else that a router in the field notices. */
export async function expectNothingChanged(harness: ControllerHarness, before: Given): Promise<void> {
  await untilAllAreServed(harness, before);
  const after = await givenNow(harness);
  expect(changes(before.addresses, after.addresses)).toEqual([]);
  expect(changes(before.keys, after.keys)).toEqual([]);
  expect(changes(before.tunnels, after.tunnels)).toEqual([]);
  expect(changes(before.gateways, after.gateways)).toEqual([]);
}

async function atGateways(harness: ControllerHarness): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const name of Object.keys(await harness.allHandedOver())) {
    const [kind, object] = name.split('/') as ['configmaps' | 'secrets', string];
    if (!object.startsWith('tunnel-')) continue;
    const data = (await harness.handedOver(kind, object, GATEWAYS)) ?? {};
    all[name] = withoutUids(data);
  }
  return all;
}

function withoutUids(data: Record<string, string>): unknown {
  if (data[PEERS_KEY] !== undefined) return parsePeers(data[PEERS_KEY]).map(({ uid: _, ...peer }) => peer);
  if (data[TUNNEL_KEY] !== undefined) {
    const { tenantTunnel, ...rest } = JSON.parse(data[TUNNEL_KEY]);
    return { ...rest, tenantTunnel: `${tenantTunnel.namespace}/${tenantTunnel.name}` };
  }
  return data[PRIVATE_KEY] ?? Object.fromEntries(Object.entries(data).sort());
}
