import type { PeerObservation, RefusedPeer } from '../protocol.ts';
import { clockOf, type Initiation } from './initiation.ts';

/** A router that is refused tries again after 5 s; after 18 times it pauses until its keepalive is due. */
const FORGET_MS = 60_000;
/** WireGuard gives a session up after so long (paper §6.1). */
const SILENT_MS = 180_000;
const MOST_PEERS = 4_096;

interface Attempts {
  endpoint: string;
  stamp: string;
  count: number;
  lastAt: number;
  /** Bytes received from it, as first read since it began; undefined before. */
  rx: number | undefined;
  /** From when to when the bytes are known to have stood still. */
  quietFrom: number;
  quietTo: number;
}

interface Called {
  interfaceName: string;
  publicKey: string;
  /** When something was last heard, or it was called; monotonic ms. */
  at: number;
  rx: number | undefined;
}

/**
 * Peers whose handshakes arrive and lead to nothing: the stamps grow from one to the next, so that they are made
 * anew and not played back, and nothing else that such a peer could have sent is received (WireGuard counts no byte of what
 * it refuses). Times are arguments, monotonic ms.
 */
export class RefusedPeers {
  readonly #attempts = new Map<string, Attempts>();
  readonly #called = new Map<string, Called>();

  /** One that was opened. */
  attempt(interfaceName: string, { publicKey, stamp }: Initiation, endpoint: string, now: number): void {
    const key = keyOf(interfaceName, publicKey);
    const known = this.#attempts.get(key);
    if (known === undefined || now - known.lastAt > FORGET_MS) {
      if (known === undefined && this.#attempts.size >= MOST_PEERS) this.#forgetOld(now);
      if (this.#attempts.size >= MOST_PEERS) return;
      const quiet = { rx: undefined, quietFrom: now, quietTo: now };
      this.#attempts.set(key, { endpoint, stamp, count: 1, lastAt: now, ...quiet });
      return;
    }
    // The same once more, or an older one: a copy.
    if (stamp <= known.stamp) return;
    Object.assign(known, { endpoint, stamp, count: known.count + 1, lastAt: now });
  }

  /** What WireGuard says of a peer now. */
  note(interfaceName: string, { publicKey, rx }: PeerObservation, now: number): void {
    if (this.#attempts.size === 0 && this.#called.size === 0) return;
    const key = keyOf(interfaceName, publicKey);
    const called = this.#called.get(key);
    if (called !== undefined && called.rx !== rx) {
      if (called.rx !== undefined) called.at = now;
      called.rx = rx;
    }
    const known = this.#attempts.get(key);
    if (known === undefined) return;
    if (known.rx === undefined) Object.assign(known, { rx, quietFrom: now, quietTo: now });
    else if (known.rx === rx) known.quietTo = now;
    else this.#attempts.delete(key);
  }

  /** Those that tried more than once. */
  list(now: number): RefusedPeer[] {
    this.#forgetOld(now);
    return [...this.#attempts].flatMap(([key, { stamp, count, lastAt, quietFrom, quietTo }]) => {
      const [interfaceName = '', publicKey = ''] = key.split(' ');
      if (count < 2) return [];
      return [
        {
          interfaceName,
          publicKey,
          clock: clockOf(stamp),
          attempts: count,
          quietMs: Math.round(quietTo - quietFrom),
          agoMs: Math.round(now - lastAt),
        },
      ];
    });
  }

  /** Where the last attempt of a peer that is refused came from. */
  endpointOf(interfaceName: string, publicKey: string, now: number): string | undefined {
    this.#forgetOld(now);
    const known = this.#attempts.get(keyOf(interfaceName, publicKey));
    return known === undefined || known.count < 2 ? undefined : known.endpoint;
  }

  /** It is being spoken to, until it has been silent for too long. */
  called(interfaceName: string, publicKey: string, now: number): void {
    const key = keyOf(interfaceName, publicKey);
    const rx = this.#attempts.get(key)?.rx;
    this.#called.set(key, { interfaceName, publicKey, at: now, rx });
  }

  /** Takes out those that are to be spoken to no longer. */
  takeSilent(now: number): Pick<Called, 'interfaceName' | 'publicKey'>[] {
    return [...this.#called].flatMap(([key, { interfaceName, publicKey, at }]) => {
      if (now - at < SILENT_MS) return [];
      this.#called.delete(key);
      return [{ interfaceName, publicKey }];
    });
  }

  /** Forgets peers that are none any more. */
  drop(interfaceName: string, publicKeys: readonly string[]): void {
    for (const publicKey of publicKeys) {
      this.#attempts.delete(keyOf(interfaceName, publicKey));
      this.#called.delete(keyOf(interfaceName, publicKey));
    }
  }

  /** Forgets a tunnel; one that is made anew has refused nobody. */
  forget(interfaceName: string): void {
    const isOf = (key: string): boolean => key.startsWith(`${interfaceName} `);
    for (const key of this.#attempts.keys()) if (isOf(key)) this.#attempts.delete(key);
    for (const key of this.#called.keys()) if (isOf(key)) this.#called.delete(key);
  }

  #forgetOld(now: number): void {
    for (const [key, { lastAt }] of this.#attempts) {
      if (now - lastAt > FORGET_MS) this.#attempts.delete(key);
    }
  }
}

const keyOf = (interfaceName: string, publicKey: string): string => `${interfaceName} ${publicKey}`;
