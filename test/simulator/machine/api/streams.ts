import { RouterOsTrap } from '../../engine/index.ts';
import type { Sentence } from './sentence.ts';
import type { ApiHost } from './session.ts';

/** A command that goes on until it ends or is cancelled. */
export interface Stream {
  /** @throws {RouterOsTrap} also when cancelled: `interrupted`, category 2. */
  run(onRow: (row: Record<string, string>) => void): Promise<void>;
  cancel(): void;
}

interface Asker {
  host: ApiHost;
  user: string;
  policies: readonly string[];
}

/** The stream that a command is, or nothing if it is answered at once. */
export function streamOf(sentence: Sentence, asker: Asker): Stream | undefined {
  if (sentence.path === '/ping' || sentence.path === '/tool/ping') return pingStream(sentence, asker);
  if (sentence.command === 'listen') return listenStream(sentence, asker);
  return undefined;
}

function interrupted(): RouterOsTrap {
  return new RouterOsTrap('interrupted', 2);
}

function pingStream({ attributes }: Sentence, { host, policies }: Asker): Stream {
  const abort = new AbortController();
  return {
    cancel: () => abort.abort(),
    async run(onRow) {
      if (!policies.includes('test')) throw new RouterOsTrap('not enough permissions (9)');
      if ((attributes.address ?? '') === '') throw new RouterOsTrap('missing =address=', 1);
      await host.ping(attributes, onRow, abort.signal);
      if (abort.signal.aborted) throw interrupted();
    },
  };
}

/** Changed rows as they change, and `.dead=true` for such as are gone (manual, "API", "listen"). */
function listenStream({ menu }: Sentence, { host, user }: Asker): Stream {
  const abort = new AbortController();
  return {
    cancel: () => abort.abort(),
    async run(onRow) {
      const print = (queries: string[]) => host.os.execute({ menu, command: 'print', queries, user }).rows;
      const known = new Map(print([]).map((row) => [row['.id'] ?? '', JSON.stringify(row)]));
      // A menu may be a view of another's rows (/interface/wireguard), so what changed is found by comparing.
      const stop = host.os.onChange(() => {
        const now = new Map(print([]).map((row) => [row['.id'] ?? '', row]));
        for (const [id, row] of now) {
          const text = JSON.stringify(row);
          if (known.get(id) === text) continue;
          known.set(id, text);
          onRow({ ...row });
        }
        for (const id of [...known.keys()]) {
          if (now.has(id)) continue;
          known.delete(id);
          onRow({ '.id': id, '.dead': 'true' });
        }
      });
      await new Promise<void>((resolve) =>
        abort.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      stop();
      throw interrupted();
    },
  };
}
