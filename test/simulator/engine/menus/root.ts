import type { Command, Menu } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { EXPORT } from './export.ts';
import { USERS } from './user.ts';

/** Run by the console, which asks the world. The console of 7.24 lists it under `/tool` alone. */
const PING: Command = {
  arguments: ['address', 'count', 'interface', 'interval', 'src-address', 'size'].map((name) => ({ name })),
  positional: ['address'],
  policy: 'test',
};

export const toolMenu: Menu = { path: '/tool', kind: 'directory', properties: [], commands: { ping: PING } };

/**
 * Commands of the root that are no part of the language. `/password` changes one's own and needs the policy of that
 * name (manual, "User"); its refusals' texts are unsure.
 */
export const rootMenu: Menu = {
  path: '/',
  kind: 'directory',
  properties: [],
  commands: {
    password: {
      arguments: ['old-password', 'new-password', 'confirm-new-password'].map((name) => ({ name })),
      policy: 'password',
      run: ({ arguments: given, context }) => {
        const { configuration } = context;
        const entry = configuration.entries(USERS).find((user) => user.values.name === context.user);
        const wanted = given['new-password'];
        if (!entry || wanted === undefined)
          throw new RouterOsTrap('missing value(s) of argument(s) new-password', 1);
        if ((given['old-password'] ?? '') !== (entry.values.password ?? '')) {
          throw new RouterOsTrap('failure: invalid old password', 4);
        }
        if (given['confirm-new-password'] !== wanted)
          throw new RouterOsTrap('failure: passwords do not match', 4);
        entry.values.password = wanted;
        configuration.changed(USERS, entry);
        return {};
      },
    },
    ping: { ...PING, until: '7.24' },
    export: EXPORT,
    // In the background; with `as-string` it waits for the end and answers with what was printed (tikoci/centrs, 7.23.1).
    execute: {
      arguments: [
        { name: 'script', form: 'script' },
        { name: 'as-string', form: 'flag' },
      ],
      positional: ['script'],
      policy: 'read',
      run: ({ arguments: given, context }) => {
        if (given.script === undefined) throw new RouterOsTrap('missing value(s) of argument(s) script', 1);
        if (given['as-string'] === undefined) return { ret: context.execute(given.script) };
        return { ret: context.print(given.script).replaceAll('\n', '\r\n') };
      },
    },
  },
};
