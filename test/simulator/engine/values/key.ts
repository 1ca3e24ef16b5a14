import { createPrivateKey, createPublicKey } from 'node:crypto';

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** A WireGuard key: 32 bytes in base64 with padding, canonical. */
export function isKey(text: string): boolean {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return false;
  return Buffer.from(text, 'base64').toString('base64') === text;
}

/** Private key → public key: a row is read ten thousand times, and one scalar multiplication is a tenth of a millisecond. */
const known = new Map<string, string>();
const MOST_KNOWN = 1_000;

export function publicKeyOf(privateKey: string): string {
  const found = known.get(privateKey);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const made = multiplied(privateKey);
  known.set(privateKey, made);
  return made;
}

function multiplied(privateKey: string): string {
  const der = Buffer.concat([PKCS8_X25519, Buffer.from(privateKey, 'base64')]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}

/** Clamps 32 random bytes to a Curve25519 scalar, as `wg genkey` does. */
export function privateKeyFrom(random: Uint8Array): string {
  const key = Buffer.from(random);
  key.writeUInt8(key.readUInt8(0) & 248, 0);
  key.writeUInt8((key.readUInt8(31) & 127) | 64, 31);
  return key.toString('base64');
}
