import type { Router, RouterStatus } from '../api/index.ts';
import { leanMetadata, SharedValues } from '../kube/index.ts';

const shared = new SharedValues();

/**
 * What an agent keeps of a Router: all but its annotations and its script, which is the largest part, holds secrets,
 * and is nothing to an agent. Parts that many Routers have alike are one object.
 */
export function leanRouter({ apiVersion, kind, metadata, spec, status }: Router): Router {
  return {
    apiVersion,
    kind,
    metadata: leanMetadata(metadata),
    spec: shared.of(spec),
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  };
}

function leanStatus({ script: _, tunnel, conditions, ...others }: RouterStatus): RouterStatus {
  return {
    ...others,
    ...(tunnel === undefined ? {} : { tunnel: shared.of(tunnel) }),
    ...(conditions === undefined ? {} : { conditions: conditions.map((one) => shared.of(one)) }),
  };
}
