import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { redact } from './redact.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type Logger = PinoLogger;

export interface LoggerOptions {
  level: LogLevel;
  /** Which process speaks: `controller`, `agent`, `sidecar`. */
  process: string;
  /** Default: stdout, written synchronously, so that the last line before a crash is there. */
  destination?: DestinationStream;
}

/** One JSON object a line: `level` as a word, `time` in RFC 3339, `process`, `msg`, and the fields, redacted. */
export function createLogger({ level, process, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { process },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }), log: redact },
    // redact() has spelt errors out already; pino's own would take the result for another error.
    serializers: { err: (spelt: unknown) => spelt },
  };
  // What pino takes by itself writes from another thread: lines are lost, or out of order, when a process ends.
  const logger = pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
  // pino lets formatters.bindings see the root's bindings only. Children inherit this method, and so do theirs.
  const { child } = logger;
  logger.child = function (this: Logger, bindings: object, ...rest: unknown[]) {
    return Reflect.apply(child, this, [redact(bindings), ...rest]);
  } as Logger['child'];
  return logger;
}
