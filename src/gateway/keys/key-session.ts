/** One conversation with a router about its WireGuard key. */
import {
  makeKey,
  needStorage,
  type RouterOsApi,
  RouterOsError,
  readFacts,
  readKeys,
  removeKeys,
  settleUndo,
  useKey,
} from '../../routeros/index.ts';
import type { LogIn } from '../log-in.ts';
import type { KeySaying, KeyStep } from './key-step.ts';

export interface KeySessionInput {
  step: Exclude<KeyStep, { step: 'none' }>;
  /** The key of its peer. */
  publicKey: string;
  /** Address of the server in the tunnel. */
  server: string;
  logIn: (signal: AbortSignal) => Promise<LogIn>;
  /** Throws where the key is not let in any more, or nothing was heard by it: then a router that says it uses it does not. */
  stillHolds: () => void;
  signal: AbortSignal;
}

/**
 * Answers what is to be said. Throws what failureOf can read. What an earlier session left is seen to first, whatever it
 * was cut off at: a key that the router uses is kept, one that it has made is found again.
 */
export async function changeKey(input: KeySessionInput): Promise<KeySaying> {
  const { step, publicKey: after, stillHolds, signal } = input;
  const { api } = await input.logIn(signal);
  try {
    if ((await settleUndo(api, { signal })).found === 'Busy')
      throw new RouterOsError('Trap', 'The router is still undoing an earlier change.');
    const { own, made, former } = await readKeys(api, { signal });
    // After its next restart a router with a full disk would have what nobody lets in any more.
    needStorage(await readFacts(api, { signal }));
    if (step.step === 'make') {
      // A router that used one which nobody knows could not be spoken to.
      const known = made.find(({ publicKey }) => publicKey !== own.publicKey);
      if (known !== undefined) return { publicKey: known.publicKey, after };
      return { publicKey: await makeKey(api, { signal }), after };
    }
    const { next } = step;
    if (own.publicKey === next) {
      stillHolds();
      await removeKeys(api, [...former, ...made], { signal });
      return { publicKey: next, after, inUse: true };
    }
    await removeKeys(api, former, { signal });
    if (!made.some(({ publicKey }) => publicKey === next)) {
      // Somebody has removed it: what the gateways let in is nobody's key any more.
      await removeKeys(api, made, { signal });
      return { publicKey: await makeKey(api, { signal }), after };
    }
    return await use(api, input, next);
  } finally {
    api.close();
  }
}

async function use(api: RouterOsApi, input: KeySessionInput, next: string): Promise<KeySaying> {
  const { publicKey: after, server, stillHolds, signal } = input;
  const openAnother = async (aborting: AbortSignal): Promise<RouterOsApi> =>
    (await input.logIn(aborting)).api;
  const outcome = await useKey({ api, openAnother, publicKey: next, server, stillHolds, signal });
  if (outcome.state !== 'Kept') throw outcome.because;
  // The session before was opened over the former key.
  const last = await openAnother(signal);
  try {
    const { former, made } = await readKeys(last, { signal });
    await removeKeys(last, [...former, ...made], { signal });
  } finally {
    last.close();
  }
  return { publicKey: next, after, inUse: true };
}
