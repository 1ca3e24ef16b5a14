import { ENDPOINT_PART, LABEL_GATEWAY, LABEL_PART, PEER_KEY_PART, VALUES_PART } from '../api/index.ts';
import {
  configMaps,
  endpointSlices,
  isApiError,
  type KubeApi,
  type KubeObject,
  type ResourceType,
  secrets,
  services,
  sleep,
  systemClock,
} from '../kube/index.ts';
import { ProcessError } from '../process/index.ts';
import { forHowLong, type GatewayState, readGateways } from './gateways.ts';

export interface CleanupOptions {
  client: Pick<KubeApi, 'list' | 'patch' | 'deleteAll'>;
  /** Of the operator. */
  namespace: string;
  gatewayNamespace: string;
  timeoutMs: number;
  /** Gets a line for each step. */
  say: (line: string) => void;
  /** Unix time, ms. */
  now: () => number;
  signal?: AbortSignal;
}

const DEPLOYMENT = 'tenant-tunnel-controller';
const CONTROLLERS = 'app.kubernetes.io/name=tenant-tunnel-operator,app.kubernetes.io/component=controller';
const POLL_MS = 500;

const deployments: ResourceType<KubeObject & { spec?: { replicas?: number } }> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
const pods: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/** Nodes that are named in one line. */
const NAMED = 5;
const BY_HAND =
  "restart the gateway pod there, or remove them by hand on each of these nodes: for n in $(ip netns list | grep -o '^tto-wg[0-9]*'); do ip netns del $n; done";

/**
 * Takes every tunnel off the nodes, as before an uninstall: stops the controller, takes back what it handed to the
 * gateways, and waits until each says that its node carries nothing. The ledger stays. May be run again at any time.
 *
 * @throws ProcessError NotInTime, naming what was waited for
 */
export async function cleanup(options: CleanupOptions): Promise<void> {
  const { client, gatewayNamespace, timeoutMs, say, now, signal } = options;
  const deadline = performance.now() + timeoutMs;
  await stopControllers(options, deadline);
  for (const type of [configMaps, secrets]) {
    await client.deleteAll(type, { namespace: gatewayNamespace, labelSelector: LABEL_GATEWAY, signal });
  }
  for (const part of [PEER_KEY_PART, VALUES_PART]) {
    const labelSelector = `${LABEL_PART}=${part}`;
    await client.deleteAll(secrets, { namespace: gatewayNamespace, labelSelector, signal });
  }
  const endpoints = `${LABEL_PART}=${ENDPOINT_PART}`;
  for (const type of [services, endpointSlices])
    await client.deleteAll(type, { namespace: gatewayNamespace, labelSelector: endpoints, signal });
  say('What was handed to the gateways is taken back; the ledger stays.');
  // What a gateway said before that may have been overtaken by what it was just given.
  const before = new Map(
    (await readGateways(client, gatewayNamespace, now(), signal)).map(({ node, version }) => [node, version]),
  );
  const told = new Set<string>();
  await until(options, deadline, async () => {
    const gateways = await readGateways(client, gatewayNamespace, now(), signal);
    const isDone = ({ node, version, isStale, tunnels }: GatewayState): boolean =>
      isStale || (tunnels === 0 && version !== before.get(node));
    for (const gateway of gateways.filter(isDone)) tellOnce(gateway, told, say);
    const busy = gateways.filter((gateway) => !isDone(gateway));
    if (busy.length === 0) return undefined;
    const named = busy.slice(0, NAMED).map(({ node, tunnels }) => `${node} (${tunnels ?? 'count unknown'})`);
    const more = busy.length > NAMED ? ` and ${busy.length - NAMED} more` : '';
    return { what: `the tunnels on ${named.join(', ')}${more}`, remedy: BY_HAND };
  });
  say('No node that answers carries a tunnel.');
}

async function stopControllers(options: CleanupOptions, deadline: number): Promise<void> {
  const { client, namespace, say, signal } = options;
  try {
    const scale = { spec: { replicas: 0 } };
    await client.patch(deployments, { namespace, name: DEPLOYMENT }, scale, { subresource: 'scale', signal });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
  await until(options, deadline, async () => {
    const { items } = await client.list(pods, { namespace, labelSelector: CONTROLLERS, signal });
    if (items.length === 0) return undefined;
    const names = items.map(({ metadata }) => metadata.name).join(', ');
    return { what: `the end of ${names}`, remedy: `see kubectl describe pod -n ${namespace}` };
  });
  say('No controller runs.');
}

function tellOnce(
  { node, isStale, silentSeconds, tunnels }: GatewayState,
  told: Set<string>,
  say: (line: string) => void,
): void {
  if (told.has(node)) return;
  told.add(node);
  const left = tunnels === 0 ? 'it carried no tunnel' : 'its tunnels end when it is booted again';
  say(
    isStale
      ? `${node} was not heard of for ${forHowLong(silentSeconds)} and is not waited for: ${left}.`
      : `${node} carries no tunnel.`,
  );
}

interface Wait {
  /** Behind "waiting for". */
  what: string;
  remedy: string;
}

/** Asks until there is nothing to wait for, and says what there is whenever that changes. */
async function until(
  { signal, timeoutMs, say }: CleanupOptions,
  deadline: number,
  look: () => Promise<Wait | undefined>,
): Promise<void> {
  let said = '';
  for (;;) {
    const wait = await look();
    if (wait === undefined) return;
    if (wait.what !== said) say(`Waiting for ${wait.what}.`);
    said = wait.what;
    await sleep(systemClock, POLL_MS, signal);
    const isLate = performance.now() > deadline;
    if (isLate || signal?.aborted) {
      const end = isLate ? `Gave up after ${Math.round(timeoutMs / 1_000)} s` : 'Was stopped';
      throw new ProcessError('NotInTime', `${end}, waiting for ${wait.what}: ${wait.remedy}`);
    }
  }
}
