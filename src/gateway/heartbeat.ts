/** The Lease by which the controller knows that this node can carry tunnels. */
import { LABEL_GATEWAY } from '../api/index.ts';
import { type Clock, type KubeApi, type Logger, leases, microTime, sleep } from '../kube/index.ts';
import { PROTOCOL_VERSION } from '../wireguard/index.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface HeartbeatOptions {
  client: Pick<KubeApi, 'apply'>;
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
  while (!signal.aborted) {
    let pause = RENEW_MS;
    try {
      await renew(options, signal);
    } catch (error) {
      if (signal.aborted) return;
      pause = RETRY_MS;
      logger.warn({ err: error }, 'Could not renew the Lease of this gateway; trying again.');
    }
    await sleep(clock, pause * (0.9 + 0.2 * random()), signal);
  }
}

async function renew(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { client, sidecar, health, namespace, nodeName, clock } = options;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
  const { protocol } = await sidecar.version(limited).catch((error: unknown) => {
    health.learnFrom(error);
    if (limited.aborted) health.refuse('the sidecar does not answer');
    throw error;
  });
  if (protocol !== PROTOCOL_VERSION) {
    health.refuse(`a sidecar that speaks protocol ${PROTOCOL_VERSION}; this one speaks ${protocol}`);
    throw new Error(
      `The sidecar speaks protocol ${protocol}, this agent ${PROTOCOL_VERSION}: bring both containers to one version.`,
    );
  }
  health.answered();
  await client.apply(
    leases,
    {
      metadata: { name: leaseName(nodeName), namespace, labels: { [LABEL_GATEWAY]: nodeName } },
      spec: {
        holderIdentity: nodeName,
        leaseDurationSeconds: LEASE_SECONDS,
        renewTime: microTime(clock.wall()),
      },
    },
    { fieldManager: 'tenant-tunnel-gateway', signal: limited },
  );
}
