/**
 * The first message of a handshake as WireGuard's paper has it (§5.4.2, §5.4.4), opened with the server's private key:
 * who sent it, and what the sender's clock said. Nothing is answered; that is WireGuard's own.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';
import { blake2s } from './blake2s.ts';

/** Type 1, reserved, sender; then ephemeral, static, timestamp, mac1, mac2. */
export const INITIATION_BYTES = 148;
const EPHEMERAL = 8;
const STATIC = 40;
const TIMESTAMP = 88;
const MAC1 = 116;
const MAC_BYTES = 16;
const NONCE = Buffer.alloc(12);
/** TAI64N's label of 1970-01-01 00:00:00 UTC, as WireGuard's implementations count: 2^62 and ten seconds. */
const EPOCH = 0x400000000000000an;

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

const hash = (...parts: Uint8Array[]): Buffer => {
  const made = createHash('blake2s256');
  for (const part of parts) made.update(part);
  return made.digest();
};
const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer => {
  const made = createHmac('blake2s256', key);
  for (const part of parts) made.update(part);
  return made.digest();
};

const CHAIN = hash(Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
const PROTOCOL = hash(CHAIN, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com'));

const publicKeyObject = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });

/** What is known of a server to open what is sent to it. */
export interface Responder {
  readonly privateKey: KeyObject;
  /** Raw. */
  readonly publicKey: Buffer;
  readonly mac1Key: Buffer;
}

export function responderOf(privateKey: string): Responder {
  const der = Buffer.concat([PKCS8, Buffer.from(privateKey, 'base64')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { privateKey: key, publicKey, mac1Key: hash(Buffer.from('mac1----'), publicKey) };
}

export interface Initiation {
  /** Of the sender, base64. Proven: nobody but sender and server can make the rest. It may still be a copy. */
  publicKey: string;
  /** TAI64N, hexadecimal, so that later ones are greater as text. */
  stamp: string;
}

/** Whether the sender knows whom it writes to, which is cheap to find out. */
export function isAddressedTo({ mac1Key }: Responder, packet: Buffer): boolean {
  if (packet.length !== INITIATION_BYTES || packet.readUInt32LE(0) !== 1) return false;
  const mac1 = packet.subarray(MAC1, MAC1 + MAC_BYTES);
  return blake2s(mac1Key, packet.subarray(0, MAC1), MAC_BYTES).equals(mac1);
}

/** undefined for one that is not to this server, or not whole. Costs two X25519, a quarter of a millisecond. */
export function openInitiation(responder: Responder, packet: Buffer): Initiation | undefined {
  try {
    const ephemeral = packet.subarray(EPHEMERAL, STATIC);
    let chain = derive(CHAIN, ephemeral)[0];
    let transcript = hash(hash(PROTOCOL, responder.publicKey), ephemeral);
    const open = (theirs: Uint8Array, sealed: Buffer): Buffer => {
      const shared = diffieHellman({ privateKey: responder.privateKey, publicKey: publicKeyObject(theirs) });
      const [next, key] = derive(chain, shared);
      const opened = unseal(key, sealed, transcript);
      chain = next;
      transcript = hash(transcript, sealed);
      return opened;
    };
    const sender = open(ephemeral, packet.subarray(STATIC, TIMESTAMP));
    const stamp = open(sender, packet.subarray(TIMESTAMP, MAC1));
    return { publicKey: sender.toString('base64'), stamp: stamp.toString('hex') };
  } catch {
    // Not for this server, tampered with, or a key of small order.
    return undefined;
  }
}

/** §5.4: two outputs of the key derivation. */
function derive(chain: Buffer, input: Uint8Array): [Buffer, Buffer] {
  const secret = hmac(chain, input);
  const first = hmac(secret, Uint8Array.of(1));
  return [first, hmac(secret, first, Uint8Array.of(2))];
}

function unseal(key: Buffer, sealed: Buffer, authenticated: Buffer): Buffer {
  const options = { authTagLength: MAC_BYTES };
  const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, options);
  decipher.setAuthTag(sealed.subarray(-MAC_BYTES));
  decipher.setAAD(authenticated, { plaintextLength: sealed.length - MAC_BYTES });
  return Buffer.concat([decipher.update(sealed.subarray(0, -MAC_BYTES)), decipher.final()]);
}

/** What a clock says that makes this stamp, Unix seconds; held within the years 0 to 9999, since a router may say anything. */
export function clockOf(stamp: string): number {
  const seconds = BigInt(`0x${stamp.slice(0, 16)}`) - EPOCH;
  const least = -62_167_219_200n;
  const most = 253_402_300_799n;
  return Number(seconds < least ? least : seconds > most ? most : seconds);
}
