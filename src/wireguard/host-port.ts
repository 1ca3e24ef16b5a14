/** RFC 3986 §3.2.2: an IPv6 address stands in brackets before a port. */
export const hostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
