import { isIP } from 'node:net';
import { Address6 } from 'ip-address';

/** What a router's peer connects to. */
export interface Endpoint {
  /** DNS name, IPv4 address, or IPv6 address without brackets. */
  host: string;
  port: number;
}

/** Whether two texts are one host. Names are compared without case, addresses by what they mean. */
export const isSameHost = (one: string, other: string): boolean => plain(one) === plain(other);

function plain(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 6 ? new Address6(bare).canonicalForm() : bare.toLowerCase().replace(/\.$/, '');
}

export const isSameEndpoint = (one: Endpoint, other: Endpoint): boolean =>
  one.port === other.port && isSameHost(one.host, other.host);

export const isName = ({ host }: Endpoint): boolean => isIP(host) === 0;
