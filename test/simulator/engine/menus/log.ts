import { rowCommands } from '../configuration/commands.ts';
import type { Command, Context, Menu } from '../configuration/definition.ts';
import { text } from '../values/types.ts';

export const LOG = '/log';
/** A router keeps the last 1000 lines in memory. */
const MOST_LINES = 1000;

export function writeLog(
  topics: string,
  message: string,
  context: Pick<Context, 'configuration' | 'now'>,
): void {
  const { configuration } = context;
  const time = new Date(context.now).toISOString().slice(0, 19).replace('T', ' ');
  configuration.insert(LOG, { time, topics, message }, { dynamic: true });
  const [oldest] = configuration.entries(LOG);
  if (oldest && configuration.entries(LOG).length > MOST_LINES) configuration.remove(LOG, oldest);
}

const level = (topic: string): Command => ({
  arguments: [{ name: 'message' }],
  positional: ['message'],
  run: (call) => {
    writeLog(`script,${topic}`, call.arguments.message ?? '', call.context);
    return {};
  },
});

const { print, ...READING } = rowCommands();
// The log's `print` has no `from`.
const PRINT = print && {
  ...print,
  arguments: print.arguments.filter(({ name }) => name !== 'from'),
  positional: [],
};

export const logMenu: Menu = {
  path: LOG,
  kind: 'rows',
  dynamicFlag: 'none',
  commands: {
    ...READING,
    ...(PRINT ? { print: PRINT } : {}),
    debug: level('debug'),
    info: level('info'),
    warning: level('warning'),
    error: level('error'),
  },
  properties: ['time', 'topics', 'message'].map((property) => ({
    name: property,
    type: text,
    readOnly: true,
  })),
};
