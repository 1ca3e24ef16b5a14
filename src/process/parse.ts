/** Parsers of flag values. Each throws a sentence that says what to write instead. */
import { isIP } from 'node:net';
import { ProcessError } from './errors.ts';

export interface HostPort {
  /** Name or address, IPv6 without brackets. */
  host: string;
  port: number;
}

const refuse = (message: string): never => {
  throw new ProcessError('InvalidConfiguration', message);
};

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`, or `:8080` for every address. */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text);
  const [, ipv6, name = '', digits] = match ?? [];
  const port = Number(digits);
  const isBadHost = ipv6 !== undefined && isIP(ipv6) !== 6;
  if (match === null || port > 65_535 || isBadHost) {
    return refuse('Write HOST:PORT, such as 127.0.0.1:8080, [::1]:8080 or :8080, with a port up to 65535.');
  }
  return { host: ipv6 ?? (name === '' ? '::' : name), port };
}

/** An IPv4 or IPv6 address. */
export function parseAddress(text: string): string {
  if (isIP(text) === 0) return refuse('Write an IP address, such as 10.244.1.5 or fd00::5.');
  return text;
}

/** 0 is for a free one. */
export function parsePort(text: string): number {
  const isPort = /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
  return isPort ? Number(text) : refuse('Write a port from 0 to 65535.');
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A parser of durations (`500ms`, `90s`, `3m`, `1h`) within bounds; answers milliseconds. */
export function durationParser(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
    if (match === null) return refuse('Write a whole number and a unit: 500ms, 90s, 3m or 1h.');
    const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
    if (ms < minMs || ms > maxMs) {
      return refuse(`Write a duration from ${minMs / 1_000}s to ${maxMs / 1_000}s.`);
    }
    return ms;
  };
}

/** A parser of whole numbers within bounds. */
export function integerParser(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isOne = /^\d{1,15}$/.test(text) && value >= min && value <= max;
    return isOne ? value : refuse(`Write a whole number from ${min} to ${max}.`);
  };
}

export function parseBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') return refuse('Write true or false.');
  return text === 'true';
}

/** RFC 1123 label, as namespaces are named. */
export function parseLabel(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) {
    return refuse('Write a name of up to 63 lower-case letters, digits and inner hyphens.');
  }
  return text;
}

/** RFC 1123 subdomain, as nodes are named. */
export function parseSubdomain(text: string): string {
  const isSubdomain =
    text.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text);
  if (!isSubdomain) {
    return refuse(
      'Write a name of up to 253 lower-case letters, digits, hyphens and dots, as in kubectl get nodes.',
    );
  }
  return text;
}

/** Most bytes of a Unix socket's path (Linux unix(7): 108 with the closing zero). */
const MAX_SOCKET_PATH = 107;

export function parseSocketPath(text: string): string {
  if (!text.startsWith('/') || Buffer.byteLength(text) > MAX_SOCKET_PATH) {
    return refuse(`Write an absolute path of at most ${MAX_SOCKET_PATH} bytes.`);
  }
  return text;
}

export function parsePath(text: string): string {
  if (!text.startsWith('/') || text.includes('\0')) return refuse('Write an absolute path.');
  return text;
}

/** A group's name or number, of /etc/group. */
export function parseGroup(text: string): string {
  if (!/^([a-z_][a-z0-9_-]{0,31}|\d{1,10})$/.test(text)) return refuse("Write a group's name or number.");
  return text;
}

/** Start of the names of network namespaces; a name ends in the interface's, and ends up as a file's name. */
export function parseNamePrefix(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,7}$/.test(text)) {
    return refuse('Write up to 8 lower-case letters, digits and hyphens, a letter first.');
  }
  return text;
}

/** Anything but nothing. */
export function parseText(text: string): string {
  if (text.trim() === '') return refuse('Write something, or leave it out.');
  return text;
}
