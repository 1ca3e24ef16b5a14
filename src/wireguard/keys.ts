import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { WireGuardError } from './errors.ts';

/** Both keys as WireGuard writes them: 32 bytes, base64, 44 characters. */
export interface KeyPair {
  privateKey: string;
  publicKey: string;
}

/** 43 characters of which the last holds four bits, so that each 32 bytes have one spelling. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** DER of a PKCS #8 X25519 private key up to its 32 bytes (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Whether the text is 32 bytes in canonical base64, as every WireGuard key is. */
export const isKey = (text: string): boolean => KEY.test(text);

/** RFC 7748 §5: the bits that X25519 fixes. WireGuard stores keys so, and shows them so. */
function clamp(key: Buffer): Buffer {
  key[0] = (key[0] ?? 0) & 248;
  key[31] = ((key[31] ?? 0) & 127) | 64;
  return key;
}

/** A new key pair from the system's random numbers. */
export function generateKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  return {
    privateKey: clamp(Buffer.from(d ?? '', 'base64url')).toString('base64'),
    publicKey: Buffer.from(x ?? '', 'base64url').toString('base64'),
  };
}

/** The public key of a private one, as `wg pubkey` has it. Throws `InvalidKey`; the message never holds the text. */
export function publicKeyOf(privateKey: string): string {
  if (!isKey(privateKey)) {
    throw new WireGuardError(
      'InvalidKey',
      'A private key must be 32 bytes in base64, as `wg genkey` prints it.',
    );
  }
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.from(privateKey, 'base64')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}

/** 32 random bytes, as `wg genpsk` makes them. */
export const generatePresharedKey = (): string => randomBytes(32).toString('base64');
