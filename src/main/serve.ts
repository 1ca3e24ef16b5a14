import type { Registry } from 'prom-client';
import {
  createLogger,
  createRegistry,
  type Logger,
  runUntilSignal,
  startHealthServer,
} from '../process/index.ts';
import type { CommonFlags } from './common-flags.ts';

/** What each process is given. */
export interface Surroundings {
  /** `controller`, `agent` or `sidecar`. */
  name: string;
  version: string;
  logger: Logger;
  registry: Registry;
  /** Aborted when the process is told to stop. */
  signal: AbortSignal;
}

/** What each process tells about itself. */
export interface Served {
  /** What it still waits for before it does its work; empty when ready. */
  waitingFor(): string[];
  /** What cannot mend itself; empty when well. Default: nothing. */
  broken?(): string[];
  /** Resolves when all has ended after the signal; rejects when it cannot go on. */
  done: Promise<void>;
}

/** Runs one of the processes from its start to its orderly end, with logs, health and metrics around it. */
export function serve(
  name: string,
  version: string,
  flags: CommonFlags,
  start: (surroundings: Surroundings) => Promise<Served>,
): Promise<void> {
  const logger = createLogger({ level: flags.logLevel, process: name });
  const registry = createRegistry({ version, process: name });
  return runUntilSignal(
    async (signal) => {
      let served: Served | undefined;
      const health = await startHealthServer({
        address: flags.metricsAddress,
        live: () => served?.broken?.() ?? [],
        ready: () => served?.waitingFor() ?? ['its start'],
        registry,
      });
      logger.info({ version, health: health.url, pid: process.pid }, 'Starting');
      try {
        served = await start({ name, version, logger, registry, signal });
        await served.done;
      } finally {
        await health.close();
      }
    },
    { logger },
  );
}
