import type { Option } from 'commander';
import type { RelaySettings } from '../gateway/index.ts';
import {
  durationParser,
  flag,
  type HostPort,
  parseAddress,
  parseHostPort,
  parsePath,
  parseSubdomain,
  parseText,
} from '../process/index.ts';

/** Where pods ask for a token that the relay takes, when nobody says otherwise. */
export const DEFAULT_AUDIENCE = 'tenant-tunnel-relay';

export interface RelayFlags {
  relayAddress?: HostPort;
  relayAdvertise?: string;
  relayAudience: string;
  relayCertificate?: string;
  relayServerName: string;
  /** Milliseconds. */
  relayIdleTimeout: number;
}

export function relayFlags(): Option[] {
  return [
    flag('relay-address', 'host:port', 'where pods reach routers from; default: nowhere', {
      optional: true,
      parse: parseHostPort,
    }),
    flag('relay-advertise', 'address', 'address of this pod, for the relays of other nodes', {
      optional: true,
      parse: parseAddress,
      env: 'POD_IP',
    }),
    flag('relay-audience', 'name', 'audience of the tokens that the relay takes', {
      default: DEFAULT_AUDIENCE,
      parse: parseText,
    }),
    flag('relay-certificate', 'directory', 'tls.crt, tls.key and ca.crt of the relay; default: plain HTTP', {
      optional: true,
      parse: parsePath,
    }),
    flag('relay-server-name', 'name', 'name that the certificates of other relays must be good for', {
      default: 'tenant-tunnel-relay.tenant-tunnel-system.svc',
      parse: parseSubdomain,
    }),
    flag('relay-idle-timeout', 'duration', 'a connection without a byte for so long is closed', {
      default: '1h',
      parse: durationParser(1_000, 86_400_000),
    }),
  ];
}

/** undefined where there shall be no relay. */
export function relaySettings(flags: RelayFlags): RelaySettings | undefined {
  if (flags.relayAddress === undefined) return undefined;
  return {
    ...flags.relayAddress,
    advertise: flags.relayAdvertise,
    audience: flags.relayAudience,
    certificateDirectory: flags.relayCertificate,
    serverName: flags.relayServerName,
    idleMs: flags.relayIdleTimeout,
  };
}
