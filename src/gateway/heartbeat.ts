/** The Lease by which the controller knows that this node can carry tunnels. */
import { ANNOTATION_PROBLEM, ANNOTATION_RELAY, ANNOTATION_TUNNELS, LABEL_GATEWAY } from '../api/index.ts';
import {
  type Clock,
  isApiError,
  type KubeApi,
  type Lease,
  type Logger,
  leases,
  messageOf,
  microTime,
  type ObjectMeta,
  sleep,
} from '../kube/index.ts';

/** What a Lease says of its node beside that it is alive. */
export interface GatewayFacts {
  /** How many tunnels the node carries; undefined while that is not known. */
  tunnels: number | undefined;
  /** Why it can carry none, in one sentence. */
  problem: string | undefined;
  /** Where the relays of other nodes reach that of this pod, as a URL; undefined without one. */
  relay?: string | undefined;
}

export interface HeartbeatOptions {
  client: Pick<KubeApi, 'get' | 'create' | 'update'>;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
  facts: () => GatewayFacts;
  namespace: string;
  nodeName: string;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

export const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
/** Sooner after a failure, so that one lost request does not cost a quarter of the Lease. */
const RETRY_MS = 2_000;
const ANSWER_LIMIT_MS = 5_000;

export const leaseName = (nodeName: string): string => `gateway-${nodeName}`;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #lease: Lease | undefined;
  #said: GatewayFacts | undefined;
  #wake: () => void = () => undefined;
  #failure = '';

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** The facts may have changed: what somebody waits for is told at once, the rest with the next renewal. */
  soon(): void {
    this.#wake();
  }

  /**
   * Renews until the signal, while this agent speaks for its node. A stopping agent lets the Lease run out: its tunnels
   * work on, and a restart is no reason to move them.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    let due = clock.monotonic();
    while (!signal.aborted) {
      const woken = this.#woken(signal);
      if (clock.monotonic() >= due || isNews(this.#said, this.#options.facts())) {
        const pause = (await this.#beat(signal)) ? RENEW_MS : RETRY_MS;
        due = clock.monotonic() + pause * (0.9 + 0.2 * random());
      }
      await sleep(clock, Math.max(0, due - clock.monotonic()), woken);
    }
  }

  /** Aborted by the signal, and by {@link soon}. */
  #woken(signal: AbortSignal): AbortSignal {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    return AbortSignal.any([signal, woken.signal]);
  }

  /** @returns whether the Lease is renewed */
  async #beat(signal: AbortSignal): Promise<boolean> {
    const { mayWrite, facts, logger } = this.#options;
    if (!(await mayWrite())) return false;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const now = facts();
    try {
      this.#lease = await renew(this.#options, now, this.#lease, limited);
      this.#said = now;
      if (this.#failure !== '') logger.info({}, 'The Lease of this gateway is renewed again.');
      this.#failure = '';
      return true;
    } catch (error) {
      this.#lease = undefined;
      const failure = messageOf(error);
      if (!signal.aborted && failure !== this.#failure) {
        logger.warn({ err: error }, 'Could not renew the Lease of this gateway; trying again.');
        this.#failure = failure;
      }
      return false;
    }
  }
}

/** What somebody waits for: that a node carries nothing any more, or can carry nothing; where its relay is. */
function isNews(said: GatewayFacts | undefined, now: GatewayFacts): boolean {
  if (said === undefined) return false;
  const isIdle = ({ tunnels }: GatewayFacts): boolean | undefined =>
    tunnels === undefined ? undefined : tunnels === 0;
  return said.problem !== now.problem || said.relay !== now.relay || isIdle(said) !== isIdle(now);
}

/** One request where the Lease is as this agent left it. */
async function renew(
  options: HeartbeatOptions,
  facts: GatewayFacts,
  last: Lease | undefined,
  signal: AbortSignal,
): Promise<Lease> {
  const { client, namespace, nodeName, clock } = options;
  const name = { name: leaseName(nodeName), namespace };
  const spec = {
    holderIdentity: nodeName,
    leaseDurationSeconds: LEASE_SECONDS,
    renewTime: microTime(clock.wall()),
  };
  const current = last ?? (await client.get(leases, name, { signal }));
  const described = describe(current?.metadata, nodeName, facts);
  if (current === undefined) {
    return client.create(leases, { metadata: { ...name, ...described }, spec }, { signal });
  }
  const metadata = { ...current.metadata, ...described };
  try {
    return await client.update(
      leases,
      { ...current, metadata, spec: { ...current.spec, ...spec } },
      { signal },
    );
  } catch (error) {
    if (last === undefined || !isApiError(error, 'Conflict', 'NotFound')) throw error;
    return renew(options, facts, undefined, signal);
  }
}

function describe(
  before: ObjectMeta | undefined,
  nodeName: string,
  { tunnels, problem, relay }: GatewayFacts,
): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const { [ANNOTATION_PROBLEM]: _, [ANNOTATION_RELAY]: __, ...others } = before?.annotations ?? {};
  return {
    labels: { ...before?.labels, [LABEL_GATEWAY]: nodeName },
    annotations: {
      ...others,
      ...(tunnels !== undefined && { [ANNOTATION_TUNNELS]: String(tunnels) }),
      ...(problem !== undefined && { [ANNOTATION_PROBLEM]: problem }),
      ...(relay !== undefined && { [ANNOTATION_RELAY]: relay }),
    },
  };
}
