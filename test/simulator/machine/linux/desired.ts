import { isIP } from 'node:net';
import type { Row } from '../../engine/index.ts';
import { commaList, isDynamic, isOn, type ReadRows } from './interfaces.ts';
import type { WireguardDevice, WireguardPeer } from './uapi.ts';

/** What Linux shall have, read from the configuration. Pure. */

export interface DesiredWireguard {
  id: string;
  /** RouterOS's name. */
  name: string;
  up: boolean;
  mtu: number;
  device: WireguardDevice;
}

/** Address of an endpoint's host, or nothing while its name does not resolve. */
export type ResolveEndpoint = (peer: Row, host: string) => string | undefined;

export function desiredWireguard(rows: ReadRows, resolve: ResolveEndpoint): DesiredWireguard[] {
  const peers = rows('/interface/wireguard/peers').filter(isOn);
  return rows('/interface/wireguard').map((row) => {
    const name = row.name ?? '';
    const up = isOn(row);
    return {
      id: row['.id'] ?? '',
      name,
      up,
      mtu: Number(row.mtu ?? '1420'),
      device: {
        privateKey: row['private-key'] ?? '',
        listenPort: Number(row['listen-port'] ?? '0'),
        peers: up
          ? peers
              .filter((peer) => peer.interface === name && (peer['public-key'] ?? '') !== '')
              .map((peer) => desiredPeer(peer, resolve))
          : [],
      },
    };
  });
}

function desiredPeer(peer: Row, resolve: ResolveEndpoint): WireguardPeer {
  const host = peer['endpoint-address'] ?? '';
  const address = host === '' ? undefined : isIP(host) === 0 ? resolve(peer, host) : host;
  const port = Number(peer['endpoint-port'] ?? '0');
  const presharedKey = peer['preshared-key'] ?? '';
  return {
    publicKey: peer['public-key'] ?? '',
    allowedIPs: commaList(peer['allowed-address']).map(withLength),
    keepalive: seconds(peer['persistent-keepalive'] ?? ''),
    ...(presharedKey === '' ? {} : { presharedKey }),
    ...(address === undefined || port === 0
      ? {}
      : { endpoint: isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}` }),
  };
}

/** Addresses by RouterOS's interface name; not what DHCP gave, which the network itself puts there. */
export function desiredAddresses(rows: ReadRows): Map<string, string[]> {
  const byInterface = new Map<string, string[]>();
  const isOff = rows('/ipv6/settings').some((row) => row['disable-ipv6'] === 'true');
  for (const row of [...rows('/ip/address'), ...(isOff ? [] : rows('/ipv6/address'))]) {
    if (!isOn(row) || isDynamic(row)) continue;
    const name = row.interface ?? '';
    byInterface.set(name, [...(byInterface.get(name) ?? []), withLength(row.address ?? '')]);
  }
  return byInterface;
}

export interface DesiredRoute {
  destination: string;
  /** An address or a RouterOS interface name; nothing for a black hole. */
  gateway: string | undefined;
  distance: number;
}

/** Static routes of the main table. @throws for a route that cannot be made real. */
export function desiredRoutes(rows: ReadRows): DesiredRoute[] {
  return rows('/ip/route')
    .filter((row) => isOn(row) && !isDynamic(row))
    .map((row) => {
      const table = row['routing-table'] ?? 'main';
      const gateways = commaList(row.gateway);
      const blackhole = row.blackhole === 'true' || row.blackhole === '';
      if (table !== 'main' || gateways.length > 1 || gateways.some((gateway) => gateway.includes('%'))) {
        throw new Error(
          `The simulator cannot make real /ip/route ${row['.id']}: only one gateway and the table main are modelled.`,
        );
      }
      return {
        destination: withLength(row['dst-address'] || '0.0.0.0/0'),
        gateway: blackhole ? undefined : gateways[0],
        distance: Number(row.distance ?? '1'),
      };
    });
}

function withLength(address: string): string {
  return address.includes('/') ? address : `${address}/${isIP(address) === 6 ? 128 : 32}`;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

/** `1m30s`, `00:00:25` or `25` in whole seconds; 0 for nothing. */
export function seconds(duration: string): number {
  const clock = /(\d+):(\d{2}):(\d{2})$/.exec(duration);
  const clockSeconds =
    clock === null ? 0 : Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const units = clock === null ? duration : duration.slice(0, clock.index);
  const sum = [...units.matchAll(/(\d+)(ms|[wdhms])?/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * (UNIT_SECONDS[unit ?? 's'] ?? 0),
    0,
  );
  return Math.floor(clockSeconds + sum);
}
