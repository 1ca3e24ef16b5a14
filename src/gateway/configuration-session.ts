/** One conversation with one router: log in, read what it is, set what differs. */
import { type RouterFacts, type RouterOsApi, readFacts, setIdentity } from '../routeros/index.ts';
import { type LogInInput, logIn } from './log-in.ts';
import { rotatePassword } from './rotate-password.ts';

export interface SessionInput extends LogInInput {
  /** What the router shall be called. */
  identity: string;
}

/** What is known of a router after a conversation with it. */
export interface SessionOutcome {
  facts: RouterFacts;
  /** Number of the password that it has. */
  revision: number;
}

/** Resolves with what the router says of itself after that. Throws what failureOf can read. */
export async function configureRouter(input: SessionInput): Promise<SessionOutcome> {
  const login = await logIn(input);
  try {
    const { api } = login;
    const facts = await readFacts(api, { signal: input.signal });
    const revision = await rotatePassword(input, login, facts);
    const identity = await named(api, facts, input);
    return { facts: { ...facts, identity }, revision };
  } finally {
    login.api.close();
  }
}

async function named(
  api: RouterOsApi,
  facts: RouterFacts,
  { identity, signal }: SessionInput,
): Promise<string> {
  if (facts.identity !== identity) await setIdentity(api, identity, { signal });
  return identity;
}
