import type { Condition, Router, RouterStatus } from '../api/index.ts';
import { leanMetadata, SharedValues } from '../kube/index.ts';

const shared = new SharedValues();

/**
 * What an agent keeps of a Router: what it decides by. The script is the largest part of the rest, holds secrets, and
 * is nothing to an agent. Parts that many Routers have alike are one object. About 1 kB instead of 20.
 */
export function leanRouter({ apiVersion, kind, metadata, spec, status }: Router): Router {
  const lean = leanMetadata(metadata);
  const { namespace, creationTimestamp } = lean;
  return {
    apiVersion,
    kind,
    metadata: {
      ...lean,
      namespace: shared.of(namespace),
      creationTimestamp: shared.of(creationTimestamp),
      // Selectors of profiles go by them.
      ...(metadata.labels && { labels: shared.of(metadata.labels) }),
    },
    spec: shared.of(spec),
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  };
}

/** The address comes from the handover, where the controller writes it for the gateways. */
function leanStatus(status: RouterStatus): RouterStatus {
  const { observedGeneration, phase, tunnel, lastSeen, lastHandshakeTime, conditions, ...others } = status;
  const { publicKey, credentials, model, version, serialNumber, interfaces, profiles } = others;
  return {
    observedGeneration,
    phase,
    tunnel: shared.of(tunnel),
    publicKey,
    // A key is each Router's own.
    credentials: credentials?.key ? credentials : shared.of(credentials),
    model: shared.of(model),
    version: shared.of(version),
    serialNumber,
    interfaces: shared.of(interfaces),
    profiles: shared.of(profiles),
    lastSeen: shared.of(lastSeen),
    lastHandshakeTime: shared.of(lastHandshakeTime),
    conditions: shared.of(conditions?.map(withoutAddress)),
  } as RouterStatus;
}

/** Its message is each Router's own, and only the controller reads it. */
const withoutAddress = (condition: Condition): Condition =>
  condition.type === 'Allocated' ? { ...condition, message: '' } : condition;
