import { publicKeyOf } from '../keys.ts';
import type { PeerObservation } from '../protocol.ts';
import { CALL_SECONDS, type DeviceChange, type DeviceState, type PeerSettings } from './device.ts';

/**
 * The text of WireGuard's cross-platform userspace protocol (wireguard.com/xplatform): `key=value` lines with keys in
 * hexadecimal, an empty line at the end.
 */
const ZERO_KEY = '0'.repeat(64);

const toHex = (key: string): string => Buffer.from(key, 'base64').toString('hex');
const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** A `set=1` request, line by line. `replace_peers` is never said: other peers keep their sessions. */
export function* encodeChange(change: DeviceChange): Generator<string> {
  yield 'set=1\n';
  if (change.privateKey !== undefined) yield `private_key=${toHex(change.privateKey)}\n`;
  if (change.listenPort !== undefined) yield `listen_port=${change.listenPort}\n`;
  for (const publicKey of change.remove) yield `public_key=${toHex(publicKey)}\nremove=true\n`;
  for (const [publicKey, { presharedKey, allowedIPs }] of change.set) {
    const secret = presharedKey === undefined ? ZERO_KEY : toHex(presharedKey);
    yield `public_key=${toHex(publicKey)}\npreshared_key=${secret}\nreplace_allowed_ips=true\n`;
    const endpoint = change.endpoints?.get(publicKey);
    if (endpoint !== undefined) yield `endpoint=${endpoint}\n`;
    for (const network of allowedIPs) yield `allowed_ip=${network}\n`;
  }
  yield '\n';
}

/** Persistent keepalive on and off again for each; `update_only`: one that was removed meanwhile does not come back. */
export function* encodeGreeting(publicKeys: readonly string[]): Generator<string> {
  yield 'set=1\n';
  for (const publicKey of publicKeys) {
    for (const seconds of [1, 0]) {
      yield `public_key=${toHex(publicKey)}\nupdate_only=true\npersistent_keepalive_interval=${seconds}\n`;
    }
  }
  yield '\n';
}

/** As {@link encodeGreeting} for one, at an endpoint; keepalive stays on. */
export function* encodeCall(publicKey: string, endpoint: string): Generator<string> {
  const peer = `public_key=${toHex(publicKey)}\nupdate_only=true\n`;
  yield `set=1\n${peer}endpoint=${endpoint}\npersistent_keepalive_interval=0\n`;
  yield `${peer}persistent_keepalive_interval=${CALL_SECONDS}\n\n`;
}

export function* encodeHush(publicKey: string): Generator<string> {
  yield `set=1\npublic_key=${toHex(publicKey)}\nupdate_only=true\npersistent_keepalive_interval=0\n\n`;
}

/** A peer as `get=1` tells it, settings and observation together. */
export interface ReadPeer {
  settings: PeerSettings & { allowedIPs: string[] };
  observation: PeerObservation;
}

/** What comes before the peers. */
export type ReadHeader = Pick<DeviceState, 'publicKey' | 'listenPort'>;

/** A parser of a `get=1` reply, fed line by line. `onPeer` is called when a peer is complete. */
export class ReplyParser {
  readonly header: ReadHeader = { publicKey: null, listenPort: null };
  /** Set when the reply is complete: 0, or what went wrong. */
  errno: number | undefined;
  #peer: ReadPeer | undefined;
  readonly #onPeer: (peer: ReadPeer) => void;

  constructor(onPeer: (peer: ReadPeer) => void) {
    this.#onPeer = onPeer;
  }

  /** One line without its end. An unknown key is skipped, as the protocol asks of readers. */
  line(line: string): void {
    const at = line.indexOf('=');
    if (at < 0) return;
    const key = line.slice(0, at);
    const value = line.slice(at + 1);
    if (key === 'errno') {
      this.#flush();
      this.errno = Number(value);
    } else if (key === 'public_key') {
      this.#flush();
      const publicKey = toBase64(value);
      this.#peer = {
        settings: { allowedIPs: [] },
        observation: { publicKey, lastHandshake: 0, rx: 0, tx: 0, endpoint: null },
      };
    } else if (this.#peer === undefined) {
      this.#headerLine(key, value);
    } else {
      this.#peerLine(this.#peer, key, value);
    }
  }

  #headerLine(key: string, value: string): void {
    if (key === 'private_key' && value !== ZERO_KEY) this.header.publicKey = publicKeyOf(toBase64(value));
    if (key === 'listen_port') this.header.listenPort = Number(value);
  }

  #peerLine({ settings, observation }: ReadPeer, key: string, value: string): void {
    if (key === 'allowed_ip') settings.allowedIPs.push(value);
    else if (key === 'preshared_key' && value !== ZERO_KEY) settings.presharedKey = toBase64(value);
    else if (key === 'endpoint') observation.endpoint = value;
    else if (key === 'last_handshake_time_sec') observation.lastHandshake = Number(value);
    else if (key === 'rx_bytes') observation.rx = Number(value);
    else if (key === 'tx_bytes') observation.tx = Number(value);
  }

  #flush(): void {
    if (this.#peer !== undefined) this.#onPeer(this.#peer);
    this.#peer = undefined;
  }
}
