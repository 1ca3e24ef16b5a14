import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Clock, systemClock } from '../kube/index.ts';
import { generateKeyPair, generatePresharedKey, type KeyPair } from '../wireguard/index.ts';
import { generatePassword } from './password.ts';

/** Time, chance and new secrets as arguments: a test world decides them, and finds them again. */
export interface Environment {
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  /** Gives way to whatever else is due, so that what arrives together is written together. */
  turn: () => Promise<void>;
  newKeyPair: () => KeyPair;
  newPresharedKey: () => string;
  newPassword: () => string;
  /** 16 hex digits, for names that must not meet. */
  newSuffix: () => string;
}

export const systemEnvironment: Environment = {
  clock: systemClock,
  random: Math.random,
  turn: () => turn(),
  newKeyPair: generateKeyPair,
  newPresharedKey: generatePresharedKey,
  newPassword: () => generatePassword(),
  newSuffix: () => randomBytes(8).toString('hex'),
};
