import { isIP } from 'node:net';
import type { Row } from '../engine/index.ts';
import { commaList, isOn, type ReadRows } from '../machine/linux/interfaces.ts';
import { allows } from '../machine/services.ts';
import { covers, isDiverted, type Packet, passes } from './packet.ts';

export interface WayEndpoint {
  host: string;
  address: string;
  port: number;
}

/** The way from the server to a router's API, as it is when the router has taken its script. */
export interface Way {
  /** The server in the tunnel, and outside. */
  server: string;
  endpoint: WayEndpoint;
  /** Where the server is reached as well. */
  others?: readonly WayEndpoint[];
  serverKey: string;
  /** The router in the tunnel. */
  router: string;
  routerKey: string;
  /** Another of the router's that the server lets in. */
  nextKey?: string | undefined;
  interfaceName: string;
  apiPort: number;
}

/** The uplink's own address, which a DHCP server gave. */
export const UPLINK = { interfaceName: 'ether1', address: '192.0.2.10', gateway: '192.0.2.1' };

/**
 * Why a packet between server and router does not arrive; undefined: it does. A model of what the configuration does to it,
 * without a network: uplink, default route, WireGuard, address, route back, firewall, NAT, and for a new connection
 * the service. `state`: a new connection, or one that was let in before.
 */
export function obstacle(way: Way, rows: ReadRows, state: Packet['state']): string | undefined {
  return (
    uplinkObstacle(way, rows) ??
    tunnelObstacle(way, rows) ??
    addressObstacle(way, rows) ??
    apiObstacle(way, rows, state)
  );
}

/** WireGuard's own packets: they were there before, so they are established. */
function uplinkObstacle({ endpoint }: Way, rows: ReadRows): string | undefined {
  const uplink = rows('/interface').find((row) => row['default-name'] === 'ether1');
  if (uplink === undefined || !isOn(uplink)) return 'uplink disabled';
  const name = uplink.name ?? '';
  const bound = rows('/ip/address').some(
    (row) => isOn(row) && row.interface === name && row.address?.startsWith(`${UPLINK.address}/`),
  );
  if (!bound) return 'uplink without its address';
  if (routeTo(endpoint.address, rows)?.gateway !== UPLINK.gateway) return 'no route to the server outside';
  const there: Packet = {
    chain: 'output',
    protocol: 'udp',
    source: UPLINK.address,
    destination: endpoint.address,
    sourcePort: 51820,
    destinationPort: endpoint.port,
    interfaceName: name,
    state: 'established',
  };
  return firewallObstacle('WireGuard', there, rows);
}

function tunnelObstacle(way: Way, rows: ReadRows): string | undefined {
  const wireguard = rows('/interface/wireguard').find((row) => row.name === way.interfaceName);
  if (wireguard === undefined || !isOn(wireguard)) return 'no WireGuard interface';
  if (![way.routerKey, way.nextKey].includes(wireguard['public-key'])) return 'another key of the router';
  const peer = rows('/interface/wireguard/peers').find(
    (row) => isOn(row) && row.interface === way.interfaceName && row['public-key'] === way.serverKey,
  );
  if (peer === undefined) return 'no peer';
  const leads = ({ host, address, port }: WayEndpoint): boolean =>
    [host, address].includes(peer['endpoint-address'] ?? '') && peer['endpoint-port'] === String(port);
  if (![way.endpoint, ...(way.others ?? [])].some(leads)) return 'another endpoint';
  if (!commaList(peer['allowed-address']).some((prefix) => covers(prefix, way.server)))
    return 'server not allowed';
  return undefined;
}

function addressObstacle(way: Way, rows: ReadRows): string | undefined {
  const own = rows('/ip/address').some(
    (row) => isOn(row) && row.interface === way.interfaceName && row.address?.split('/')[0] === way.router,
  );
  if (!own) return 'no address in the tunnel';
  return routeTo(way.server, rows)?.gateway === way.interfaceName ? undefined : 'no route back';
}

function apiObstacle(way: Way, rows: ReadRows, state: Packet['state']): string | undefined {
  const here: Packet = {
    chain: 'input',
    protocol: 'tcp',
    source: way.server,
    destination: way.router,
    sourcePort: 40_000,
    destinationPort: way.apiPort,
    interfaceName: way.interfaceName,
    state,
  };
  if (isDiverted(here, rows)) return 'sent elsewhere by NAT';
  const walled = firewallObstacle('the API', turned(here), rows, state);
  if (walled !== undefined || state === 'established') return walled;
  const service = rows('/ip/service').find((row) => row.name === 'api' && row.dynamic !== 'true');
  if (service === undefined || !isOn(service)) return 'API disabled';
  if (service.port !== String(way.apiPort)) return 'API on another port';
  return allows(service, way.server) ? undefined : 'API closed to the server';
}

/** `out` as the router sends it, and its answer as it comes in. */
function firewallObstacle(
  what: string,
  out: Packet,
  rows: ReadRows,
  state: Packet['state'] = 'established',
): string | undefined {
  const rules = rows('/ip/firewall/filter');
  if (!passes({ ...turned(out), state }, rules, rows)) return `${what} dropped on its way in`;
  if (!passes({ ...out, state: 'established' }, rules, rows)) return `${what} dropped on its way out`;
  return undefined;
}

const turned = (packet: Packet): Packet => ({
  ...packet,
  chain: packet.chain === 'input' ? 'output' : 'input',
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.destinationPort,
  destinationPort: packet.sourcePort,
});

/** The longest prefix, then the least distance. Its gateway is an interface where the address made the route. */
function routeTo(address: string, rows: ReadRows): Row | undefined {
  const length = (row: Row): number => Number(row['dst-address']?.split('/')[1] ?? '0');
  return rows('/ip/route')
    .filter((row) => isOn(row) && (row['routing-table'] ?? 'main') === 'main')
    .filter(
      (row) =>
        isIP(row['dst-address']?.split('/')[0] ?? '') === 4 && covers(row['dst-address'] ?? '', address),
    )
    .sort((a, b) => length(b) - length(a) || Number(a.distance ?? '1') - Number(b.distance ?? '1'))[0];
}
