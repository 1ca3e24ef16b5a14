import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { generateKeyPair, generatePresharedKey, isKey, publicKeyOf } from '../../../src/wireguard/index.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const privateKeys = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(base64);
const hasWg = spawnSync('wg', ['--version']).status === 0;

describe('keys', () => {
  test('a generated public key is what tweetnacl computes of the private one', () => {
    for (let round = 0; round < 50; round += 1) {
      const { privateKey, publicKey } = generateKeyPair();
      expect(publicKey).toBe(base64(nacl.scalarMult.base(Buffer.from(privateKey, 'base64'))));
      expect(publicKeyOf(privateKey)).toBe(publicKey);
    }
  });

  test('the public key of any 32 bytes is the one that tweetnacl computes', () => {
    fc.assert(
      fc.property(privateKeys, (key) => {
        expect(publicKeyOf(key)).toBe(base64(nacl.scalarMult.base(Buffer.from(key, 'base64'))));
      }),
    );
  });

  test('generated private keys are clamped as RFC 7748 has it', () => {
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.from(generateKeyPair().privateKey, 'base64');
      expect((bytes[0] ?? 0) & 7).toBe(0);
      expect((bytes[31] ?? 0) & 192).toBe(64);
    }
  });

  (hasWg ? test : test.skip)('wg computes the same public key (left out where wg is not installed)', () => {
    for (let round = 0; round < 10; round += 1) {
      const { privateKey, publicKey } = generateKeyPair();
      expect(execFileSync('wg', ['pubkey'], { input: privateKey }).toString().trim()).toBe(publicKey);
    }
  });

  test('no two keys are alike', () => {
    const keys = Array.from({ length: 200 }, () => [
      generateKeyPair().privateKey,
      generatePresharedKey(),
    ]).flat();
    expect(new Set(keys).size).toBe(400);
    expect(keys.every(isKey)).toBe(true);
  });

  test('every 32 bytes in base64 are a key', () => {
    fc.assert(fc.property(privateKeys, (key) => isKey(key)));
  });

  test('what is a key is 32 bytes in their one canonical spelling', () => {
    const keyLike = fc.stringMatching(/^[A-Za-z0-9+/]{43}=$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), keyLike), (text) => {
        const bytes = Buffer.from(text, 'base64');
        expect(isKey(text)).toBe(bytes.length === 32 && bytes.toString('base64') === text);
      }),
    );
  });

  test.each(['', 'x', `${'A'.repeat(43)}=\n`, ` ${'A'.repeat(43)}=`, `${'-'.repeat(43)}=`])(
    'the text %j is not a key',
    (text) => expect(isKey(text)).toBe(false),
  );

  test('the message about a malformed private key does not repeat it', () => {
    const slip = `${generateKeyPair().privateKey.slice(0, 43)}x`;
    expect(() => publicKeyOf(slip)).toThrow(expect.objectContaining({ code: 'InvalidKey' }));
    expect(() => publicKeyOf(slip)).not.toThrow(slip);
  });
});
