import type { Condition, Router } from '../api/index.ts';
import { digestOf } from './router-script.ts';

/** Conditions that the controller decides by. */
const CONDITIONS = new Set(['Allocated', 'Ready']);

/**
 * What the controller keeps of a Router: what it decides by, without annotations, what the gateway says of it, or the
 * script, of which it keeps a digest. Parts that many Routers have alike are one object. About 1.5 kB instead of 20.
 */
export function leanRouter({ apiVersion, kind, metadata, spec, status }: Router): Router {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp } =
    metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      generation,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: shared(spec),
    ...(status === undefined ? {} : { status: leanStatus(status) }),
  } as Router;
}

function leanStatus(status: NonNullable<Router['status']>): NonNullable<Router['status']> {
  const { observedGeneration, phase, address, publicKey, tunnel, script, lastHandshakeTime, conditions } =
    status;
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(phase === undefined ? {} : { phase }),
    ...(address === undefined ? {} : { address }),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(tunnel === undefined ? {} : { tunnel: sharedText(tunnel) }),
    ...(script === undefined ? {} : { script: digestOf(script) }),
    ...(lastHandshakeTime === undefined ? {} : { lastHandshakeTime }),
    ...(conditions === undefined ? {} : { conditions: leanConditions(conditions) }),
  };
}

const leanConditions = (conditions: readonly Condition[]): Condition[] =>
  conditions.filter(({ type }) => CONDITIONS.has(type)).map(shared);

/** Bounds what is remembered for sharing; beyond it, all begins anew. */
const MOST_SHARED = 8192;
const parts = new Map<string, unknown>();

/** The same object for equal values; objects of a cache are never changed. */
function shared<V extends object>(value: V): V {
  return remembered(JSON.stringify(value), value);
}

const sharedText = (text: string): string => remembered(text, text);

function remembered<V>(key: string, value: V): V {
  const known = parts.get(key);
  if (known !== undefined) return known as V;
  if (parts.size >= MOST_SHARED) parts.clear();
  parts.set(key, value);
  return value;
}
