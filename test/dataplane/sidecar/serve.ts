/**
 * The sidecar alone, as a process that a test can kill: `node serve.ts SOCKET [--state-dir FOLDER] [--node-netns PATH]
 * [--health PORT]`. Says `ready` when it is. With a port it answers there, from before it enters the node's network.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { type Logger, type SidecarError, startSidecar } from '../../../src/wireguard/index.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'state-dir': { type: 'string' },
    'node-netns': { type: 'string' },
    health: { type: 'string' },
  },
});
const { 'state-dir': stateDir, 'node-netns': nodeNetns, health } = values;

const write =
  (level: string) =>
  (fields: object, message: string): void => {
    const plain = (_: string, value: unknown): unknown => (value instanceof Error ? value.message : value);
    process.stderr.write(`${JSON.stringify({ level, message, ...fields }, plain)}\n`);
  };
const logger: Logger = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
};

if (health !== undefined) {
  const server = createServer((_, response) => response.end('well\n')).listen(Number(health));
  await once(server, 'listening');
}
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const sidecar = startSidecar({
  socketPath: positionals[0] ?? '',
  ...(stateDir === undefined ? {} : { stateDir }),
  ...(nodeNetns === undefined ? {} : { nodeNetns }),
  logger,
  signal: stop.signal,
});
sidecar.ready.then(
  () => process.stdout.write('ready\n'),
  () => undefined,
);
await sidecar.done.catch(({ code, message }: SidecarError) => {
  logger.error({ code }, message);
  process.exit(1);
});
process.exit(0);
