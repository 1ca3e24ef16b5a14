import { rowCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { match4, name } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

const LISTS = '/ip/firewall/address-list';

/** Names instead of addresses, and entries that run out, are not simulated. */
export const addressListMenu: Menu = {
  path: LISTS,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'list', type: name, required: true },
    { name: 'address', type: match4, required: true },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      const same = context.configuration
        .entries(LISTS)
        .some((row) => row.values.list === values.list && row.values.address === values.address);
      if (same) throw new RouterOsTrap('failure: already have such entry', 4);
    },
  },
};
