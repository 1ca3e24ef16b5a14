import type { Configuration } from './configuration/store.ts';
import { restingWorld } from './rest.ts';
import type { Terminal, World } from './types.ts';

export const JOBS = '/system/script/job';

interface Job {
  abort: AbortController;
  /** Its row. */
  end: () => void;
}

/** Scripts that run in the background (`/execute`): until they end, are removed, or the power goes. */
export class Jobs {
  readonly #configuration: Configuration;
  readonly #jobs = new Map<string, Job>();
  /** What a script waits for and asks. */
  world: (signal: AbortSignal) => World = restingWorld;

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** Returns the job's `.id`. */
  start(script: string, owner: string, terminal: (session: string) => Terminal): string {
    const abort = new AbortController();
    const entry = this.#configuration.insert(JOBS, { owner, type: 'command' }, { dynamic: true });
    const end = (): void => {
      this.#jobs.delete(entry.id);
      this.#configuration.remove(JOBS, entry);
    };
    this.#jobs.set(entry.id, { abort, end });
    void terminal(`job ${entry.id}`)
      .runScript(this.world(abort.signal), script)
      .catch(() => {})
      .finally(end);
    return entry.id;
  }

  stop(id: string): void {
    const job = this.#jobs.get(id);
    job?.abort.abort();
    job?.end();
  }

  stopAll(): void {
    for (const id of [...this.#jobs.keys()]) this.stop(id);
  }
}
