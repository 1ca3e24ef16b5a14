/** Replaces the password that a script had shown, or that has served its time, by one that nobody ever saw. */
import { needStorage, type RouterFacts, RouterOsError, setPassword } from '../routeros/index.ts';
import { isRefusal, type LogIn, type LogInInput, logInWith } from './log-in.ts';

/**
 * Whether the router is to be given its next password. That one stands in the ledger before, so that whatever cuts this
 * off leaves the router with one of two passwords that are both known.
 */
export const isRotationDue = ({ access }: Pick<LogInInput, 'access'>, { revision }: LogIn): boolean =>
  access.due === true && access.next !== undefined && revision === (access.revision ?? 0);

/**
 * Sets the next password and proves it by a log-in over a connection of its own. Answers the number of the password that
 * the router has afterwards. The session that was open stays so: should the new one be refused, the old one is set again.
 * A router with a full disk would be back at the old one after its next restart, when nobody knows it any more: it keeps it.
 */
export async function rotatePassword(
  input: LogInInput,
  login: LogIn,
  facts: Pick<RouterFacts, 'freeStorageBytes'>,
): Promise<number> {
  const { access, signal } = input;
  const { password, next } = access;
  if (next === undefined || !isRotationDue(input, login)) return login.revision;
  needStorage(facts);
  await setPassword(login.api, access.user, next, { signal });
  try {
    const proof = await logInWith(input, [next, login.revision + 1]);
    proof.api.close();
    return proof.revision;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await setPassword(login.api, access.user, password, { signal });
    throw new RouterOsError(
      'Trap',
      'The router took a new password and then refused it, so it was given the one before again.',
    );
  }
}
