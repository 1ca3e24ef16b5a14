/** The Lease by which the controller knows that this node can carry tunnels. */
import {
  ANNOTATION_CLOCK,
  ANNOTATION_FENCE,
  ANNOTATION_PEER,
  ANNOTATION_PROBLEM,
  ANNOTATION_RELAY,
  ANNOTATION_TUNNELS,
  LABEL_GATEWAY,
} from '../api/index.ts';
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
  /** In one sentence, how its clock is wrong: it carries tunnels all the same. */
  clock?: string | undefined;
  /** After how many seconds without a renewal the node is silent; undefined: never. */
  fence?: number | undefined;
  /** Where other gateways' agents reach this one. */
  peerAddress?: string | undefined;
  /** Where the relays of other nodes reach that of this pod, as a URL; undefined without one. */
  relay?: string | undefined;
}

export interface HeartbeatOptions {
  client: Pick<KubeApi, 'get' | 'create' | 'update'>;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
  facts: () => GatewayFacts;
  /** It was renewed, by a request that began then (monotonic ms) and said this. */
  onRenewed?: (began: number, facts: GatewayFacts) => Promise<void>;
  namespace: string;
  nodeName: string;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

interface Pace {
  leaseSeconds: number;
  renewMs: number;
  /** Sooner after a failure, so that one lost request does not cost a quarter of the Lease. */
  retryMs: number;
  answerLimitMs: number;
}

/** While nobody would take the tunnels over. */
const ALONE: Pace = { leaseSeconds: 40, renewMs: 10_000, retryMs: 2_000, answerLimitMs: 5_000 };
/** While somebody would; hold.ts reckons with these. */
const FENCED: Pace = { leaseSeconds: 7, renewMs: 2_000, retryMs: 400, answerLimitMs: 1_500 };

const paceOf = ({ fence }: GatewayFacts): Pace => (fence === undefined ? ALONE : FENCED);

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
        const { renewMs, retryMs } = paceOf(this.#options.facts());
        const pause = (await this.#beat(signal)) ? renewMs : retryMs;
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
    const { mayWrite, facts, onRenewed, clock, logger } = this.#options;
    if (!(await mayWrite())) return false;
    const now = facts();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(paceOf(now).answerLimitMs)]);
    const began = clock.monotonic();
    try {
      this.#lease = await renew(this.#options, now, this.#lease, limited);
      this.#said = now;
      if (this.#failure !== '') logger.info({}, 'The Lease of this gateway is renewed again.');
      this.#failure = '';
      await onRenewed?.(began, now);
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

/** What somebody waits for: that a node carries nothing any more, or can carry nothing, or is fenced; where its relay is. */
function isNews(said: GatewayFacts | undefined, now: GatewayFacts): boolean {
  if (said === undefined) return false;
  const isIdle = ({ tunnels }: GatewayFacts): boolean | undefined =>
    tunnels === undefined ? undefined : tunnels === 0;
  const isOther = (['problem', 'fence', 'relay'] as const).some((fact) => said[fact] !== now[fact]);
  return isOther || isIdle(said) !== isIdle(now);
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
    leaseDurationSeconds: paceOf(facts).leaseSeconds,
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
  { tunnels, problem, clock, fence, peerAddress, relay }: GatewayFacts,
): Pick<ObjectMeta, 'labels' | 'annotations'> {
  const {
    [ANNOTATION_PROBLEM]: _,
    [ANNOTATION_FENCE]: __,
    [ANNOTATION_RELAY]: ___,
    [ANNOTATION_CLOCK]: ____,
    ...others
  } = before?.annotations ?? {};
  return {
    labels: { ...before?.labels, [LABEL_GATEWAY]: nodeName },
    annotations: {
      ...others,
      ...(tunnels !== undefined && { [ANNOTATION_TUNNELS]: String(tunnels) }),
      ...(problem !== undefined && { [ANNOTATION_PROBLEM]: problem }),
      ...(clock !== undefined && { [ANNOTATION_CLOCK]: clock }),
      ...(relay !== undefined && { [ANNOTATION_RELAY]: relay }),
      ...(fence !== undefined && { [ANNOTATION_FENCE]: String(fence) }),
      ...(peerAddress !== undefined && { [ANNOTATION_PEER]: peerAddress }),
    },
  };
}
