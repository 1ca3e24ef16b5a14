/** The sidecar alone, as a process that a test can kill: `node serve.ts SOCKET`. Says `ready` when it is. */
import { type Logger, type SidecarError, startSidecar } from '../../../src/wireguard/index.ts';

const [socketPath = ''] = process.argv.slice(2);
const write =
  (level: string) =>
  (fields: object, message: string): void => {
    process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  };
const logger: Logger = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
};

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const sidecar = startSidecar({ socketPath, logger, signal: stop.signal });
await sidecar.ready.catch(({ code, message }: SidecarError) => {
  logger.error({ code }, message);
  process.exit(1);
});
process.stdout.write('ready\n');
stop.signal.addEventListener('abort', async () => {
  await sidecar.stop();
  process.exit(0);
});
