/** One conversation with one router: log in, read what it is, set what differs. */
import type { Duplex } from 'node:stream';
import type { RouterAccess } from '../api/index.ts';
import { type RouterFacts, RouterOsApi, readFacts, setIdentity } from '../routeros/index.ts';

export interface SessionInput {
  /** Opens a TCP connection to the router from inside its tunnel. */
  dial: (signal: AbortSignal) => Promise<Duplex>;
  access: RouterAccess;
  /** What the router shall be called. */
  identity: string;
  signal: AbortSignal;
}

/** Each attempt is short, since more follow: behind some NATs a router answers only just after its keepalive. */
const CONNECT_LIMIT_MS = 5_000;
const COMMAND_LIMIT_MS = 10_000;
const SESSION_LIMIT_MS = 25_000;

/** Resolves with what the router says of itself after that. Throws what `failureOf` (router-failure.ts) can read. */
export async function configureRouter({
  dial,
  access,
  identity,
  signal,
}: SessionInput): Promise<RouterFacts> {
  const stream = await dial(AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT_MS)]));
  const api = new RouterOsApi(stream, {
    commandTimeoutMs: COMMAND_LIMIT_MS,
    sessionTimeoutMs: SESSION_LIMIT_MS,
  });
  try {
    await api.login(access.user, access.password, { signal });
    const facts = await readFacts(api, { signal });
    if (facts.identity !== identity) await setIdentity(api, identity, { signal });
    return { ...facts, identity };
  } finally {
    api.close();
  }
}
