import { isIPv6 } from 'node:net';
import { parseAddress } from '../ipv4.ts';
import { isKey } from '../keys.ts';

/** Where a peer was last seen. */
export interface Sighting {
  /** `203.0.113.7:51820` or `[2001:db8::7]:51820`. */
  endpoint: string;
  /** Unix seconds; 0 where there was no handshake yet. */
  lastHandshake: number;
}

/** What a file of `endpoints/` holds. */
export interface EndpointRecord {
  /** Unix seconds at which it was written. */
  writtenAt: number;
  /** Public key → sighting. */
  peers: Map<string, Sighting>;
}

/** As many peers as one tunnel may have. */
const MAX_PEERS = 65_536;
/** So many with the longest of addresses fit. */
export const MAX_RECORD_BYTES = 12 * 1024 * 1024;

/** Whether the text is an address and a port that can be sent to, without a name to look up or a zone of this node. */
export function isEndpoint(text: string): boolean {
  const [, ipv6, ipv4 = '', port] =
    /^(?:\[([0-9a-fA-F:.]{2,45})\]|([\d.]{7,15})):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (!(number >= 1 && number <= 65_535)) return false;
  return ipv6 === undefined ? parseAddress(ipv4) !== undefined : isIPv6(ipv6);
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** The text of a record; a peer a line, for people. */
export function renderRecord({ writtenAt, peers }: EndpointRecord): string {
  const lines = [...peers].map(
    ([key, { endpoint, lastHandshake }]) =>
      `${JSON.stringify(key)}:${JSON.stringify([endpoint, lastHandshake])}`,
  );
  return `{"writtenAt":${writtenAt},"peers":{\n${lines.join(',\n')}\n}}\n`;
}

/**
 * Reads what {@link renderRecord} wrote. The file may be anything: what is no record at all gives undefined, an entry
 * that is none is left out, and beyond as many as a tunnel may have nothing is taken.
 */
export function parseRecord(text: string): EndpointRecord | undefined {
  if (text.length > MAX_RECORD_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return readRecord(value);
}

/** The same of what has been parsed already. */
export function readRecord(value: unknown): EndpointRecord | undefined {
  const { writtenAt, peers } = (value ?? {}) as { writtenAt?: unknown; peers?: unknown };
  if (!isTime(writtenAt) || typeof peers !== 'object' || peers === null) return undefined;
  const found = new Map<string, Sighting>();
  for (const [key, entry] of Object.entries(peers)) {
    if (found.size >= MAX_PEERS) break;
    if (!isKey(key) || !Array.isArray(entry)) continue;
    const [endpoint, lastHandshake] = entry as unknown[];
    if (typeof endpoint === 'string' && isEndpoint(endpoint) && isTime(lastHandshake)) {
      found.set(key, { endpoint, lastHandshake });
    }
  }
  return { writtenAt, peers: found };
}

/** A tunnel's peers were speaking if their last handshake was so recent: WireGuard rejects older keys (paper, §6.1). */
const SPEAKING_SECONDS = 180;
/** For so long it is likely that an address still is the router's; longer, and somebody else would be spoken to. */
const OLD_SECONDS = 3600;

/** Whether it says too little of the present to act on it. */
export const isOld = ({ writtenAt }: EndpointRecord, now: number): boolean =>
  Math.abs(now - writtenAt) > OLD_SECONDS;

/** The keys of those who were speaking when the record was written, unless that is long ago; the latest first. */
export function speakersOf(record: EndpointRecord, now: number): string[] {
  if (isOld(record, now)) return [];
  return [...record.peers]
    .filter(
      ([, { lastHandshake }]) => lastHandshake > 0 && record.writtenAt - lastHandshake <= SPEAKING_SECONDS,
    )
    .sort(([, a], [, b]) => b.lastHandshake - a.lastHandshake)
    .map(([key]) => key);
}
