import { connect } from 'node:net';

/**
 * WireGuard's cross-platform configuration protocol ("Cross-platform Interface", wireguard.com/xplatform): `get=1`
 * and `set=1` over a Unix socket, keys in hexadecimal.
 */

export interface WireguardPeer {
  /** Base64, as all keys here. */
  publicKey: string;
  presharedKey?: string;
  allowedIPs: readonly string[];
  /** `address:port`; a peer without one waits to be called. */
  endpoint?: string;
  /** Seconds; 0: off. */
  keepalive: number;
}

export interface WireguardDevice {
  privateKey: string;
  listenPort: number;
  peers: readonly WireguardPeer[];
}

export interface ObservedPeer {
  publicKey: string;
  /** Milliseconds since the epoch. */
  lastHandshake: number | undefined;
  rx: number;
  tx: number;
  endpoint: string | undefined;
}

const NO_KEY = '0'.repeat(64);
const TIMEOUT_MS = 10_000;

/**
 * The lines of `set=1` that bring a device from one state to another, and nothing when they are the same. What did
 * not change is not mentioned: an endpoint that has roamed stays where it is.
 */
export function changesBetween(before: WireguardDevice | undefined, after: WireguardDevice): string[] {
  const lines: string[] = [];
  if (before?.privateKey !== after.privateKey) lines.push(`private_key=${hex(after.privateKey)}`);
  if (before?.listenPort !== after.listenPort) lines.push(`listen_port=${after.listenPort}`);
  const old = new Map(before?.peers.map((peer) => [peer.publicKey, peer]));
  for (const peer of after.peers) {
    lines.push(...peerChanges(old.get(peer.publicKey), peer));
    old.delete(peer.publicKey);
  }
  for (const publicKey of old.keys()) lines.push(`public_key=${hex(publicKey)}`, 'remove=true');
  return lines;
}

function peerChanges(before: WireguardPeer | undefined, after: WireguardPeer): string[] {
  const lines: string[] = [];
  if (before?.presharedKey !== after.presharedKey) {
    lines.push(`preshared_key=${after.presharedKey === undefined ? NO_KEY : hex(after.presharedKey)}`);
  }
  if (after.endpoint !== undefined && before?.endpoint !== after.endpoint)
    lines.push(`endpoint=${after.endpoint}`);
  if (before?.allowedIPs.join() !== after.allowedIPs.join()) {
    lines.push('replace_allowed_ips=true', ...after.allowedIPs.map((allowed) => `allowed_ip=${allowed}`));
  }
  if (before?.keepalive !== after.keepalive) lines.push(`persistent_keepalive_interval=${after.keepalive}`);
  if (before !== undefined && lines.length === 0) return [];
  return [`public_key=${hex(after.publicKey)}`, ...lines];
}

export async function setDevice(socketPath: string, lines: readonly string[]): Promise<void> {
  await ask(socketPath, `set=1\n${lines.join('\n')}\n\n`);
}

export async function observePeers(socketPath: string): Promise<ObservedPeer[]> {
  const peers: ObservedPeer[] = [];
  for (const line of (await ask(socketPath, 'get=1\n\n')).split('\n')) {
    const [key = '', value = ''] = line.split(/=(.*)/s);
    if (key === 'public_key') {
      peers.push({ publicKey: base64(value), lastHandshake: undefined, rx: 0, tx: 0, endpoint: undefined });
    }
    const peer = peers.at(-1);
    if (peer === undefined) continue;
    if (key === 'endpoint') peer.endpoint = value;
    else if (key === 'rx_bytes') peer.rx = Number(value);
    else if (key === 'tx_bytes') peer.tx = Number(value);
    else if (key === 'last_handshake_time_sec' && value !== '0') peer.lastHandshake = Number(value) * 1000;
    else if (key === 'last_handshake_time_nsec' && peer.lastHandshake !== undefined) {
      peer.lastHandshake += Math.floor(Number(value) / 1e6);
    }
  }
  return peers;
}

/** One question, one answer. @throws when the device refuses, which it says as `errno=`. */
function ask(socketPath: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    socket.setEncoding('utf8');
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${socketPath} does not answer.`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${socketPath} closed before it answered.`)));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (!answer.endsWith('\n\n')) return;
      const errno = /^errno=(-?\d+)$/m.exec(answer)?.[1];
      if (errno === '0') resolve(answer);
      else reject(new Error(`${socketPath} refused the configuration with errno ${errno}.`));
      socket.destroy();
    });
    socket.write(question);
  });
}

function hex(base64Key: string): string {
  return Buffer.from(base64Key, 'base64').toString('hex');
}

function base64(hexKey: string): string {
  return Buffer.from(hexKey, 'hex').toString('base64');
}
