import type { Condition, Router, RouterStatus } from '../api/index.ts';
import { leanMetadata, SharedValues } from '../kube/index.ts';

const shared = new SharedValues();

/**
 * What an agent keeps of a Router: what it decides by. The script is the largest part of the rest, holds secrets, and
 * is nothing to an agent. Parts that many Routers have alike are one object. About 1 kB instead of 20.
 */
export function leanRouter({ apiVersion, kind, metadata, spec, status }: Router): Router {
  const { namespace, creationTimestamp, ...own } = leanMetadata(metadata);
  return {
    apiVersion,
    kind,
    metadata: { ...own, namespace: shared.of(namespace), creationTimestamp: shared.of(creationTimestamp) },
    spec: shared.of(spec),
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  };
}

/** Address and key come from the handover, where the controller writes them for the gateways. */
function leanStatus(status: RouterStatus): RouterStatus {
  const { script: _, address: __, publicKey: ___, tunnel, lastSeen, lastHandshakeTime, ...others } = status;
  return {
    ...others,
    ...(tunnel === undefined ? {} : { tunnel: shared.of(tunnel) }),
    ...(lastSeen === undefined ? {} : { lastSeen: shared.of(lastSeen) }),
    ...(lastHandshakeTime === undefined ? {} : { lastHandshakeTime: shared.of(lastHandshakeTime) }),
    ...(status.conditions === undefined
      ? {}
      : { conditions: shared.of(status.conditions.map(withoutAddress)) }),
  };
}

/** Its message is each Router's own, and only the controller reads it. */
const withoutAddress = (condition: Condition): Condition =>
  condition.type === 'Allocated' ? { ...condition, message: '' } : condition;
