import { rowCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { selectEntries } from '../configuration/select.ts';
import { JOBS } from '../jobs.ts';
import { text } from '../values/types.ts';

/** Scripts that run; whoever removes one ends it. */
export const jobMenu: Menu = {
  path: JOBS,
  kind: 'rows',
  dynamicFlag: 'none',
  commands: {
    ...rowCommands(),
    remove: {
      arguments: [{ name: 'numbers' }],
      positional: ['numbers'],
      run: ({ arguments: given, context }) => {
        for (const { id } of selectEntries(jobMenu, given.numbers ?? '', context)) context.jobs.stop(id);
        return {};
      },
    },
  },
  properties: ['script', 'owner', 'started', 'parent', 'type'].map((name) => ({
    name,
    type: text,
    readOnly: true,
  })),
};
