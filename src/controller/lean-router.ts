import type { Router, RouterStatus } from '../api/index.ts';
import { leanMetadata, SharedValues } from '../kube/index.ts';
import { digestOf } from './router-script.ts';

/** Conditions that the controller decides by. */
const CONDITIONS = new Set(['Allocated', 'Routed', 'Ready']);
const shared = new SharedValues();

/**
 * What the controller keeps of a Router: what it decides by, without annotations, what the gateway says of it, or the
 * script, of which it keeps a digest. Parts that many Routers have alike are one object. About 1.5 kB instead of 20.
 */
export function leanRouter({ apiVersion, kind, metadata, spec, status }: Router): Router {
  return {
    apiVersion,
    kind,
    // Selectors of profiles go by labels.
    metadata: {
      ...leanMetadata(metadata),
      ...(metadata.labels && { labels: shared.of(metadata.labels) }),
    },
    spec: shared.of(spec),
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  };
}

function leanStatus(status: RouterStatus): RouterStatus {
  const { observedGeneration, phase, address, address6, publicKey, tunnel, script, lastHandshakeTime } =
    status;
  return {
    observedGeneration,
    phase,
    address,
    ...(address6 && { address6 }),
    subnets: status.subnets && shared.of(status.subnets),
    publicKey,
    tunnel: tunnel && shared.of(tunnel),
    script: script && digestOf(script),
    lastHandshakeTime,
    credentials: status.credentials?.key ? status.credentials : shared.of(status.credentials),
    model: status.model && shared.of(status.model),
    version: status.version && shared.of(status.version),
    profiles: status.profiles && shared.of(status.profiles),
    conditions: status.conditions?.filter(({ type }) => CONDITIONS.has(type)).map((one) => shared.of(one)),
  } as RouterStatus;
}
