import type { SightingsSince } from './sightings.ts';

/** What one gateway's agent tells another of its node. */
export interface GatewayAnswer extends SightingsSince {
  formatVersion: 1;
  /** Name of the node. */
  node: string;
  /** Unix seconds of the sightings. */
  at: number;
  /** How long ago it last renewed its Lease, ms: null when it never has. */
  contactAgeMs: number | null;
  /** Tunnels that are set up on the node: interface name → when they were placed there. */
  carried: Record<string, number>;
}

/** Most bytes of an answer: 65,000 peers take 6 MB. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Reads an answer. It is one of ours, of whatever version: what is none gives undefined. */
export function parseAnswer(text: string): GatewayAnswer | undefined {
  try {
    const value = JSON.parse(text) as Partial<GatewayAnswer> | null;
    if (value === null || typeof value !== 'object' || value.formatVersion !== 1) return undefined;
    const { epoch, next, node, at, contactAgeMs, carried, tunnels } = value;
    if (typeof node !== 'string' || typeof epoch !== 'string') return undefined;
    if (!isNumber(next) || !isNumber(at)) return undefined;
    if (contactAgeMs !== null && !isNumber(contactAgeMs)) return undefined;
    if (!isRecord(carried) || !Object.values(carried).every(isNumber)) return undefined;
    // Single sightings are the sidecar's to check.
    if (!isRecord(tunnels) || !Object.values(tunnels).every(isRecord)) return undefined;
    return value as GatewayAnswer;
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
