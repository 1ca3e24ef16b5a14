/** The Lease by which the controller knows that this node can carry tunnels. */
import { LABEL_GATEWAY } from '../api/index.ts';
import {
  type Clock,
  isApiError,
  type KubeApi,
  type Lease,
  type Logger,
  leases,
  microTime,
  sleep,
} from '../kube/index.ts';
import { PROTOCOL_VERSION } from '../wireguard/index.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface HeartbeatOptions {
  client: Pick<KubeApi, 'get' | 'create' | 'update'>;
  sidecar: SidecarPort;
  health: SidecarHealth;
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

/**
 * Renews until the signal, while the sidecar answers. A stopping agent lets the Lease run out: its tunnels work on,
 * and a restart is no reason to move them.
 */
export async function beat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, logger } = options;
  let lease: Lease | undefined;
  while (!signal.aborted) {
    let pause = RENEW_MS;
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
      await assertSidecarAnswers(options, limited);
      lease = await renew(options, lease, limited);
    } catch (error) {
      lease = undefined;
      if (signal.aborted) return;
      pause = RETRY_MS;
      logger.warn({ err: error }, 'Could not renew the Lease of this gateway; trying again.');
    }
    await sleep(clock, pause * (0.9 + 0.2 * random()), signal);
  }
}

async function assertSidecarAnswers(
  { sidecar, health }: HeartbeatOptions,
  limited: AbortSignal,
): Promise<void> {
  const { protocol } = await sidecar.version(limited).catch((error: unknown) => {
    health.learnFrom(error);
    if (limited.aborted) health.refuse('it does not answer');
    throw error;
  });
  if (protocol === PROTOCOL_VERSION) return health.answered();
  health.refuse(`it speaks protocol ${protocol}, this agent ${PROTOCOL_VERSION}`);
  throw new Error(
    `The sidecar speaks protocol ${protocol}, this agent ${PROTOCOL_VERSION}: bring both containers to one version.`,
  );
}

/** One request where the Lease is as this agent left it. */
async function renew(
  options: HeartbeatOptions,
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
  const labels = { [LABEL_GATEWAY]: nodeName };
  const current = last ?? (await client.get(leases, name, { signal }));
  if (current === undefined)
    return client.create(leases, { metadata: { ...name, labels }, spec }, { signal });
  const metadata = { ...current.metadata, labels: { ...current.metadata.labels, ...labels } };
  try {
    return await client.update(
      leases,
      { ...current, metadata, spec: { ...current.spec, ...spec } },
      { signal },
    );
  } catch (error) {
    if (last === undefined || !isApiError(error, 'Conflict', 'NotFound')) throw error;
    return renew(options, undefined, signal);
  }
}
