import { hostPort } from '../host-port.ts';

/** Where a service answers, reached from the node. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `10.244.0.7:1812` or `[fd00::7]:1812`, of which both halves have been checked. */
export function endpointOf(text: string): Endpoint {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

export const nameOf = ({ address, port }: Endpoint): string => hostPort(address, port);

/** For so long one that has refused is passed over while there are others, ms. */
const AVOIDED_MS = 5_000;

/** The endpoints of one service, given out in turn. */
export class Endpoints {
  readonly #now: () => number;
  #list: readonly Endpoint[] = [];
  #names = new Set<string>();
  readonly #failedAt = new Map<string, number>();
  #turn = 0;

  /** `now`: monotonic ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Returns how many came and went. */
  replace(texts: readonly string[]): { added: number; removed: number } {
    const names = new Set(texts);
    const added = [...names].filter((name) => !this.#names.has(name)).length;
    const removed = [...this.#names].filter((name) => !names.has(name)).length;
    this.#names = names;
    this.#list = [...names].map(endpointOf);
    for (const name of this.#failedAt.keys()) if (!names.has(name)) this.#failedAt.delete(name);
    return { added, removed };
  }

  has(endpoint: Endpoint): boolean {
    return this.#names.has(nameOf(endpoint));
  }

  /** The next in turn that has not just failed and is not `tried`; of those that have just failed if there is no other. */
  next(tried: readonly Endpoint[] = []): Endpoint | undefined {
    const skipped = new Set(tried.map(nameOf));
    let spare: Endpoint | undefined;
    for (let step = 0; step < this.#list.length; step += 1) {
      const endpoint = this.#list[(this.#turn + step) % this.#list.length] as Endpoint;
      if (skipped.has(nameOf(endpoint))) continue;
      if (this.#isAvoided(endpoint)) {
        spare ??= endpoint;
        continue;
      }
      this.#turn = (this.#turn + step + 1) % this.#list.length;
      return endpoint;
    }
    return spare;
  }

  /** It has refused, or did not answer. */
  failed(endpoint: Endpoint): void {
    if (this.has(endpoint)) this.#failedAt.set(nameOf(endpoint), this.#now());
  }

  #isAvoided(endpoint: Endpoint): boolean {
    const at = this.#failedAt.get(nameOf(endpoint));
    return at !== undefined && this.#now() - at < AVOIDED_MS;
  }
}
