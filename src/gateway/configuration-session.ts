/** One conversation with one router: log in, read what it is, set what differs. */
import type { Duplex } from 'node:stream';
import type { RouterAccess } from '../api/index.ts';
import { type RouterFacts, RouterOsApi, RouterOsError, readFacts, setIdentity } from '../routeros/index.ts';
import { SidecarError } from '../wireguard/index.ts';
import type { Problem } from './problem.ts';

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

/** Resolves with what the router says of itself after that. Throws what {@link failureOf} can read. */
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

/**
 * What a person should read of a failed attempt; undefined when the fault is not the router's (the sidecar was away,
 * the agent is stopping), so that nothing is said of it.
 */
export function failureOf(error: unknown, { user, apiPort }: RouterAccess): Problem | undefined {
  if (error instanceof RouterOsError) {
    switch (error.code) {
      case 'Aborted':
        return undefined;
      case 'LoginRefused':
        return {
          reason: 'LoginRefused',
          message: `The router refuses the user ${user} or its password. Paste the script once more, which sets both again; it is for this router alone.`,
        };
      case 'Timeout':
      case 'Closed':
      case 'Fatal':
        return unreachable(apiPort, 'ended the session or stopped answering midway');
      default:
        return {
          reason: 'ConfigurationFailed',
          message: `The router could not be configured: ${error.message} It is tried again; see that the user ${user} still has the group that the script gave it.`,
        };
    }
  }
  if (error instanceof SidecarError) {
    const isRouters = error.code === 'ConnectFailed' || error.code === 'ConnectTimeout';
    return isRouters ? unreachable(apiPort, 'does not answer') : undefined;
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return unreachable(apiPort, 'does not answer');
  }
  return undefined;
}

function unreachable(apiPort: number, what: string): Problem {
  return {
    reason: 'RouterUnreachable',
    message: `The router makes handshakes, but its API on port ${apiPort} ${what}. Look on the router whether "/ip service" has api enabled for the server's address and no input rule drops it before the one of the script; or paste the script once more.`,
  };
}
