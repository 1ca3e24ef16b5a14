import { isApiError, type KubeApi, serviceCidrs } from '../kube/index.ts';

/** A cluster's Service range is set when it is made, and seldom added to. */
export const LOOK_MS = 3_600_000;
const PAGE = 500;

/** What Services get their addresses from, as far as the API server tells; asked at most once an hour. */
export class ServiceRanges {
  readonly #client: Pick<KubeApi, 'list'>;
  readonly #monotonic: () => number;
  #known: { ranges: readonly string[]; at: number } | undefined;

  constructor(client: Pick<KubeApi, 'list'>, monotonic: () => number) {
    this.#client = client;
    this.#monotonic = monotonic;
  }

  async read(signal: AbortSignal): Promise<readonly string[]> {
    const now = this.#monotonic();
    if (this.#known === undefined || now - this.#known.at >= LOOK_MS) {
      this.#known = { ranges: await this.#ask(signal), at: now };
    }
    return this.#known.ranges;
  }

  async #ask(signal: AbortSignal): Promise<string[]> {
    try {
      const { items } = await this.#client.list(serviceCidrs, { limit: PAGE, signal });
      return items.flatMap(({ spec }) => spec?.cidrs ?? []).toSorted();
    } catch (error) {
      // A Kubernetes before 1.33, or a role of the version before: then nothing is known of them.
      if (isApiError(error, 'NotFound', 'Forbidden')) return [];
      throw error;
    }
  }
}
