import type { Environment } from '../../src/controller/environment.ts';
import { type KeyPair, publicKeyOf } from '../../src/wireguard/index.ts';
import type { Actor } from './actor.ts';
import type { Chance } from './chance.ts';

/** Stands in each private key and password of the world, so that one in the wrong place is seen. */
export const SECRET = 'SECRET';

/** What has the form of a WireGuard key: 32 bytes in their one spelling. */
export const keyText = (words: string): string =>
  `${words
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .padEnd(42, 'x')
    .slice(0, 42)}A=`;

const pairs = new Map<string, KeyPair>();

/** A real one: what is recovered is held against it. Names come again in each history, and so do keys. */
function keyPair(name: string): KeyPair {
  const known = pairs.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(keyText(`${SECRET}key${name}`), 'base64');
  // The bits that X25519 fixes.
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  const privateKey = bytes.toString('base64');
  const pair = { privateKey, publicKey: publicKeyOf(privateKey) };
  pairs.set(name, pair);
  return pair;
}

/** Time, chance and secrets of one process. No two in a world ever make the same secret. */
export function environmentOf(actor: Actor, chance: Chance): Environment {
  let made = 0;
  const next = (): string => `${actor.name}n${++made}`;
  return {
    clock: actor.clock,
    random: chance.sequence(`${actor.name} random`),
    turn: () => new Promise((resolve) => actor.clock.after(0, resolve)),
    newKeyPair: () => keyPair(next()),
    newPresharedKey: () => keyText(`${SECRET}psk${next()}`),
    newPassword: () => `${SECRET}-pw-${next()}`,
    newSuffix: () => `${actor.name}${++made}`.toLowerCase().padStart(16, '0'),
  };
}
