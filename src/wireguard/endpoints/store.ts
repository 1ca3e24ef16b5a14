import { constants } from 'node:fs';
import { open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { ensureFolder } from '../folder.ts';
import { type EndpointRecord, MAX_RECORD_BYTES, parseRecord, renderRecord } from './record.ts';

/** A record, or what a kill has left of one that was being written. */
const FILE = /^(wg(?:0|[1-9]\d{0,4}))\.json(?:\.new)?$/;

/** The records in a folder, `wgN.json` each: written whole or not at all, one after the other. */
export class EndpointStore {
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The names of the tunnels that have a record. */
  list(): Promise<string[]> {
    return this.#inTurn(async () => {
      const entries = await readdir(this.#folder).catch(() => []);
      return [...new Set(entries.flatMap((entry) => FILE.exec(entry)?.[1] ?? []))];
    });
  }

  /** Undefined where there is none that could be used. */
  load(interfaceName: string): Promise<EndpointRecord | undefined> {
    return this.#inTurn(async () => {
      const text = await readBounded(this.#path(interfaceName)).catch(() => undefined);
      return text === undefined ? undefined : parseRecord(text);
    });
  }

  save(interfaceName: string, record: EndpointRecord): Promise<void> {
    return this.#inTurn(async () => {
      ensureFolder(this.#folder);
      const path = this.#path(interfaceName);
      try {
        // Not synced: a record that a power failure takes costs routers no more than their wait.
        await writeFile(`${path}.new`, renderRecord(record), { mode: 0o600 });
        await rename(`${path}.new`, path);
      } catch (cause) {
        await rm(`${path}.new`, { force: true }).catch(() => undefined);
        throw cause;
      }
    });
  }

  /** The folder goes with its last record. */
  remove(interfaceName: string): Promise<void> {
    return this.#inTurn(async () => {
      await rm(this.#path(interfaceName), { force: true });
      await rm(`${this.#path(interfaceName)}.new`, { force: true });
      await rmdir(this.#folder).catch(() => undefined);
    });
  }

  #path(interfaceName: string): string {
    return `${this.#folder}/${interfaceName}.json`;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** The text of a file of bounded size, whatever somebody may have put there in its place. */
async function readBounded(path: string): Promise<string | undefined> {
  // A pipe in its place would be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const about = await file.stat();
    if (!about.isFile() || about.size > MAX_RECORD_BYTES) return undefined;
    const buffer = Buffer.alloc(about.size);
    const { bytesRead } = await file.read(buffer, 0, about.size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
