export { type Clock, systemClock } from './clock.ts';
export { ProcessError, type ProcessErrorCode } from './errors.ts';
export { EXIT_USAGE, environmentName, type FlagOptions, flag, runProgram } from './flags.ts';
export { type HealthOptions, type HealthServer, startHealthServer } from './health.ts';
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export { createRegistry } from './metrics.ts';
export * from './parse.ts';
export { redact } from './redact.ts';
export { type RunOptions, runUntilSignal } from './run.ts';
