import { singleCommands } from '../configuration/commands.ts';
import type { Call, Command, Menu } from '../configuration/definition.ts';
import { bool, text } from '../values/types.ts';

const act = (run: (call: Call) => void, ...names: string[]): Command => ({
  arguments: names.map((name) => ({ name })),
  policy: 'write',
  run: (call) => {
    run(call);
    return {};
  },
});

/** Over the API from 7.18 on. `toggle` is for people. */
export const safeModeMenu: Menu = {
  path: '/safe-mode',
  kind: 'single',
  since: '7.18',
  commands: {
    ...singleCommands(false),
    take: act(({ context }) => context.safeMode.take(context.session, context.user), 'on-error'),
    release: act(({ context }) => context.safeMode.release(context.session)),
    unroll: act(({ context }) => context.safeMode.unroll(context.session, context.derive)),
  },
  properties: [
    { name: 'enabled', type: bool, readOnly: true },
    { name: 'user', type: text, readOnly: true },
    { name: 'current', type: bool, readOnly: true },
    { name: 'owner', type: text, readOnly: true },
  ],
  rules: {
    computed: (_entry, { safeMode: { holder }, session }) => ({
      enabled: String(holder !== undefined),
      current: String(holder !== undefined && holder.session === session),
      ...(holder === undefined ? {} : { user: holder.user, owner: 'api' }),
    }),
  },
};
