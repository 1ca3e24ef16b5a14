import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';

/**
 * Sets the password of a user of the router, which needs the policy `policy`. Sessions that are open go on. Throws
 * {@link RouterOsError}, also when there is no such user.
 */
export async function setPassword(
  api: RouterOsApi,
  user: string,
  password: string,
  options: CommandOptions = {},
): Promise<void> {
  const { rows } = await api.command({ path: '/user/print', proplist: ['.id', 'name'] }, options);
  // A set goes by .id; names are compared here, since what a query takes for equal is the version's own affair.
  const id = rows.find(({ name }) => name === user)?.['.id'];
  if (id === undefined) throw new RouterOsError('Trap', `The router lists no user ${user}.`);
  await api.command({ path: '/user/set', attributes: { '.id': id, password } }, options);
}
