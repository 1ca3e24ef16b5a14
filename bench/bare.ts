import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { LineSplitter } from '../src/kube/lines.ts';
import { ADMIN, type ControlPlane } from '../test/testbed/control-plane.ts';

/** The most that a pipeline of a person has under way at once. */
export const IN_FLIGHT = 32;
/** As many as the controller's client has. */
const CONNECTIONS = 16;
/** Longer than all that is measured: one of 20,000 of its own tenant may wait for most of them. */
const WATCH_LIMIT_MS = 300_000;
const MAX_LINE_BYTES = 2 ** 20;
const MOST_DELETES = 20;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Requests with nothing around them: the floor that a figure is set beside, and the hand that applies Routers. */
export class Bare {
  readonly #agent: Agent;
  readonly #watches: Agent;
  readonly #url: string;
  readonly #authorization: string;

  constructor(plane: ControlPlane) {
    const connect = { ca: readFileSync(plane.caFile) };
    this.#url = plane.url;
    this.#authorization = `Bearer ${plane.token(ADMIN)}`;
    // Deleting a large collection is one request of minutes.
    const patient = { headersTimeout: 0, bodyTimeout: 0 };
    this.#agent = new Agent({ connections: CONNECTIONS, allowH2: false, connect, ...patient });
    this.#watches = new Agent({ allowH2: false, connect, ...patient });
  }

  /** Deletes a collection, in as many requests as it takes: the API server cuts each off after a minute. */
  async deleteAll(path: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.send('DELETE', path);
        return;
      } catch (error) {
        if (tries === MOST_DELETES) throw error;
      }
    }
  }

  /** The reply as text; throws for a status that is not 2xx, but for 404 of a DELETE. */
  async send(
    method: Method,
    path: string,
    body?: object | string,
    type = 'application/json',
  ): Promise<string> {
    const reply = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      method,
      headers: { authorization: this.#authorization, 'content-type': type },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await reply.body.text();
    if (reply.statusCode < 300 || (method === 'DELETE' && reply.statusCode === 404)) return text;
    throw new Error(`${method} ${path}: ${reply.statusCode} ${text.slice(0, 500)}`);
  }

  /** Watches one object that need not be there yet. `until` resolves at the first state that fits, and ends the watch. */
  async watchOne(
    path: string,
    name: string,
  ): Promise<{ until: (fits: (object: object) => boolean) => Promise<void> }> {
    const ended = AbortSignal.timeout(WATCH_LIMIT_MS);
    const query = `watch=1&resourceVersion=0&fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
    const reply = await request(`${this.#url}${path}?${query}`, {
      dispatcher: this.#watches,
      headers: { authorization: this.#authorization },
      signal: ended,
    });
    return {
      until: async (fits) => {
        const lines = new LineSplitter(MAX_LINE_BYTES);
        for await (const chunk of reply.body as AsyncIterable<Buffer>) {
          for (const line of lines.push(chunk)) if (fits(JSON.parse(line).object)) return;
        }
        throw new Error(`The watch of ${path}/${name} ended before what was waited for.`);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#watches.destroy()]);
  }
}

/** Runs `one` for 0 … count-1, some at once. */
export async function inParallel(
  count: number,
  one: (index: number) => Promise<unknown>,
  atOnce = IN_FLIGHT,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
