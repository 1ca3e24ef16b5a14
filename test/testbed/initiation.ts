/** The first message of a WireGuard handshake, made as a router makes it (paper §5.4.2), with whatever clock. */
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { blake2s } from '../../src/wireguard/initiations/blake2s.ts';

const hash = (...parts: Uint8Array[]) => createHash('blake2s256').update(Buffer.concat(parts)).digest();
const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
  createHmac('blake2s256', key).update(Buffer.concat(parts)).digest();

const privateObject = (key: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), Buffer.from(key, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });
const publicObject = (raw: Uint8Array): KeyObject =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]),
    format: 'der',
    type: 'spki',
  });
const rawOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);

export interface InitiationOptions {
  /** Of the router, base64. */
  privateKey: string;
  /** Of the server, base64. */
  serverKey: string;
  /** What the router's clock says. */
  clock: Date;
}

export function makeInitiation({ privateKey, serverKey, clock }: InitiationOptions): Buffer {
  const own = privateObject(privateKey);
  const server = Buffer.from(serverKey, 'base64');
  const { privateKey: ephemeral } = generateKeyPairSync('x25519');
  const seal = (key: Buffer, text: Buffer, authenticated: Buffer): Buffer => {
    const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
    cipher.setAAD(authenticated, { plaintextLength: text.length });
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  };
  let chain = hash(Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
  let transcript = hash(hash(chain, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com')), server);
  const derive = (input: Buffer): Buffer => {
    const secret = hmac(chain, input);
    chain = hmac(secret, Uint8Array.of(1));
    return hmac(secret, chain, Uint8Array.of(2));
  };
  const sealed = (key: Buffer, text: Buffer): Buffer => {
    const made = seal(key, text, transcript);
    transcript = hash(transcript, made);
    return made;
  };
  transcript = hash(transcript, rawOf(ephemeral));
  derive(rawOf(ephemeral));
  const first = derive(diffieHellman({ privateKey: ephemeral, publicKey: publicObject(server) }));
  const who = sealed(first, rawOf(own));
  const second = derive(diffieHellman({ privateKey: own, publicKey: publicObject(server) }));
  const when = Buffer.alloc(12);
  when.writeBigUInt64BE(0x400000000000000an + BigInt(Math.floor(clock.getTime() / 1000)));
  when.writeUInt32BE((clock.getTime() % 1000) * 1_000_000, 8);
  const body = Buffer.concat([
    Uint8Array.of(1, 0, 0, 0),
    randomBytes(4),
    rawOf(ephemeral),
    who,
    sealed(second, when),
  ]);
  const mac1 = blake2s(hash(Buffer.from('mac1----'), server), body, 16);
  return Buffer.concat([body, mac1, Buffer.alloc(16)]);
}
