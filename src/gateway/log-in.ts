/** Logs in to a router with the password that it is thought to have, else with the other one that it may have. */
import type { Duplex } from 'node:stream';
import type { RouterAccess } from '../api/index.ts';
import { RouterOsApi, RouterOsError } from '../routeros/index.ts';

export interface LogInInput {
  /** Opens a TCP connection to the router from inside its tunnel. */
  dial: (signal: AbortSignal) => Promise<Duplex>;
  access: RouterAccess;
  /** Number of the password that the router was last known to have; undefined: not known. */
  revision: number | undefined;
  /** For the whole session, ms. Default 25 s. */
  sessionMs?: number;
  signal: AbortSignal;
}

export interface LogIn {
  api: RouterOsApi;
  /** Number of the password that the router took. */
  revision: number;
}

/** Each attempt is short, since more follow: behind some NATs a router answers only just after its keepalive. */
const CONNECT_LIMIT_MS = 5_000;
const COMMAND_LIMIT_MS = 10_000;
const SESSION_LIMIT_MS = 25_000;

/** A password and how many there were before it. */
type Numbered = readonly [password: string, revision: number];

/** Throws what failureOf can read; `LoginRefused` only when the router took neither. */
export async function logIn(input: LogInInput): Promise<LogIn> {
  const [first, second] = candidates(input);
  try {
    return await logInWith(input, first);
  } catch (error) {
    if (second === undefined || !isRefusal(error)) throw error;
    return logInWith(input, second);
  }
}

/** A session of its own. The caller ends it. */
export async function logInWith(
  { dial, access, sessionMs = SESSION_LIMIT_MS, signal }: Omit<LogInInput, 'revision'>,
  [password, revision]: Numbered,
): Promise<LogIn> {
  const stream = await dial(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]));
  const api = new RouterOsApi(stream, {
    commandTimeoutMs: COMMAND_LIMIT_MS,
    sessionTimeoutMs: sessionMs,
  });
  try {
    await api.login(access.user, password, { signal });
    return { api, revision };
  } catch (error) {
    api.close();
    throw error;
  }
}

/** The likelier one first: each refusal is a line in the router's log that worries people. */
function candidates({ access, revision }: LogInInput): [Numbered, Numbered?] {
  const { password, next, revision: present = 0 } = access;
  const own: Numbered = [password, present];
  if (next === undefined) return [own];
  const later: Numbered = [next, present + 1];
  return revision === present + 1 ? [later, own] : [own, later];
}

export const isRefusal = (error: unknown): boolean =>
  error instanceof RouterOsError && error.code === 'LoginRefused';
