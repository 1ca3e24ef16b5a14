import { LABEL_PART, PEER_KEY, PEER_KEY_PART, PEER_KEY_SECRET } from '../api/index.ts';
import { isApiError, type Reconcile, type Secret, secrets } from '../kube/index.ts';
import type { World } from './world.ts';

/** The one key of its queue. */
export const PEER_KEY_QUEUE = 'gateways';

/** Sees to it that there is a key by which the agents of gateways know each other. It is made once, and never changed. */
export const reconcilePeerKey =
  ({ client, environment, gatewayNamespace: namespace }: World): Reconcile =>
  async (_key, { signal }) => {
    const name = { name: PEER_KEY_SECRET, namespace };
    if ((await client.get(secrets, name, { signal })) !== undefined) return undefined;
    const labels = { 'app.kubernetes.io/managed-by': 'tenant-tunnel-operator', [LABEL_PART]: PEER_KEY_PART };
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...name, labels },
      type: 'Opaque',
      // 32 random bytes in base64, as a Secret has them.
      data: { [PEER_KEY]: environment.newPresharedKey() },
    };
    try {
      await client.create(secrets, secret, { signal });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
    return undefined;
  };
