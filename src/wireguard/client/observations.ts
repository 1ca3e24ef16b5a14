import { SidecarError } from '../errors.ts';
import { isKey } from '../keys.ts';
import type { Arrival, Arrivals, PeerObservation, RefusedPeer } from '../protocol.ts';

const MAX_LINE_LENGTH = 1024;

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

const bad = (): SidecarError =>
  new SidecarError('BadReply', 'The sidecar sent a line that is not an observation of a peer.');

function parseLine(line: string): PeerObservation {
  let value: Partial<PeerObservation> | null;
  try {
    value = JSON.parse(line) as Partial<PeerObservation> | null;
  } catch {
    throw bad();
  }
  const { publicKey, lastHandshake, rx, tx, endpoint } = value ?? {};
  const named = typeof publicKey === 'string' && isKey(publicKey);
  const placed = endpoint === null || typeof endpoint === 'string';
  if (!named || !placed || !isCount(lastHandshake) || !isCount(rx) || !isCount(tx)) throw bad();
  return { publicKey, lastHandshake, rx, tx, endpoint };
}

/** Lines of NDJSON, however they are cut into chunks, → observations. */
export async function* parseObservations(chunks: AsyncIterable<string>): AsyncGenerator<PeerObservation> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) throw bad();
    for (const line of lines) yield parseLine(line);
  }
  if (rest !== '') throw bad();
}

/** The reply to `GET /v1/refused`. */
export function parseRefused(reply: unknown): RefusedPeer[] {
  const { refused } = (reply ?? {}) as { refused?: unknown };
  if (!Array.isArray(refused)) throw badRefused();
  return refused.map((entry: Partial<RefusedPeer> | null) => {
    const { interfaceName, publicKey, clock, attempts, quietMs, agoMs } = entry ?? {};
    const named = typeof publicKey === 'string' && isKey(publicKey) && typeof interfaceName === 'string';
    const counted = isCount(attempts) && isCount(quietMs) && isCount(agoMs);
    if (!named || !counted || !Number.isSafeInteger(clock)) throw badRefused();
    return { interfaceName, publicKey, clock: clock as number, attempts, quietMs, agoMs };
  });
}

const badRefused = (): SidecarError =>
  new SidecarError('BadReply', 'The sidecar sent something else than a list of peers that are refused.');

/** The reply to `GET /v1/arrivals`. */
export function parseArrivals(reply: unknown): Arrivals {
  const { sequence, arrivals, listening } = (reply ?? {}) as Partial<Arrivals>;
  const isList = Array.isArray(arrivals) && arrivals.every(isArrival);
  if (!isCount(sequence) || !isList || typeof listening !== 'boolean') {
    throw new SidecarError('BadReply', 'The sidecar sent something else than a list of arrivals.');
  }
  return { sequence, arrivals, listening };
}

function isArrival(value: Partial<Arrival> | null): value is Arrival {
  const { interfaceName, publicKey } = value ?? {};
  const named = publicKey === null || (typeof publicKey === 'string' && isKey(publicKey));
  return named && typeof interfaceName === 'string';
}
