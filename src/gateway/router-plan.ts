/**
 * Decides what this agent says of a router, and whether the router must be configured.
 *
 *     phase written here     when
 *     VPNConnected           a handshake, and this generation of the spec was never configured
 *     Configuring            the configuration takes longer than 2 s, or fails
 *     Online                 configured for this generation, or autoConfiguration is off
 *     Offline                no handshake for 180 s
 *
 * A router that returns while Configured=True holds for its generation is Online with the same write that says
 * Connected, and is looked at again behind it. While a router that is Online is configured anew (its spec changed, it
 * came back), nothing is written until the outcome is known. Before the first handshake, while spec.suspended, and
 * under the phases Suspended and Error, phase and Ready are the controller's.
 */
import type { Router } from '../api/index.ts';
import { findCondition } from '../kube/index.ts';
import type { ConfigurationNeed, ConfigurationRecord } from './configuration-record.ts';
import type { Link } from './connectivity.ts';
import type { Problem } from './problem.ts';
import type { RouterInput } from './router-input.ts';
import {
  anew,
  misconfigured,
  offline,
  online,
  removed,
  type Saying,
  suspended,
  unconfigured,
} from './router-sayings.ts';
import { type RouterWrite, writeOf } from './router-write.ts';

export interface RouterPlan {
  /** Absent when there is nothing to say, or all of it is said already. */
  write: RouterWrite | undefined;
  configure: ConfigurationNeed;
  /** Look again after this many ms: an attempt under way will be called Configuring then. */
  againMs: number | undefined;
}

export const CONFIGURING_AFTER_MS = 2_000;

const NOTHING: RouterPlan = { write: undefined, configure: 'none', againMs: undefined };

export function planRouter(input: RouterInput): RouterPlan {
  const { router, presence, link, record } = input;
  if (router.metadata.deletionTimestamp !== undefined || presence === 'elsewhere') return NOTHING;
  if (presence === 'removed') return planRemoved(input);
  if (link === undefined || router.spec.suspended || isOutdated(input)) return NOTHING;
  const configure = configurationNeed(router, link, record, input.due);
  const saying = sayingOf(input, link, configure);
  const remaining = configure === 'first' ? untilConfiguring(input) : undefined;
  return {
    write: saying === undefined ? undefined : writeOf(input, saying),
    configure,
    againMs: remaining !== undefined && remaining > 0 ? remaining : undefined,
  };
}

/**
 * `first`: this generation of the spec was never configured. `verify`: it was, and the router has been away since, or is
 * to be given another password. Any other that this process has never seen away is left alone: a restarted agent logs in
 * nowhere.
 */
export function configurationNeed(
  router: Router,
  link: Link,
  record: ConfigurationRecord | undefined,
  due?: number,
): ConfigurationNeed {
  const { spec, metadata } = router;
  if (link.state !== 'Connected' || spec.suspended || !spec.autoConfiguration.enabled) return 'none';
  const isRound = record?.generation === metadata.generation && record.arrivals === link.arrivals;
  const isRotating =
    due !== undefined && ![record?.revision, router.status?.credentials?.revision].includes(due);
  if (isRound && record.state === 'done') return isRotating && isConfigured(router) ? 'verify' : 'none';
  if (!isConfigured(router)) return 'first';
  if (isRotating || (isRound && record.state === 'failed')) return 'verify';
  return link.arrivals === 0 ? 'none' : 'verify';
}

/** By its status, for its present generation. */
function isConfigured(router: Router): boolean {
  const configured = findCondition(router.status?.conditions, 'Configured');
  const isDone = configured?.status === 'True' || configured?.reason === 'ProfileFailed';
  return isDone && configured.observedGeneration === router.metadata.generation;
}

function sayingOf(input: RouterInput, link: Link, configure: ConfigurationNeed): Saying | undefined {
  const { router } = input;
  if (link.state === 'Awaiting') return isAnew(router) ? anew(router) : undefined;
  if (link.state === 'Offline') return offline(router, input.offlineAfterSeconds, input.behind);
  const failure = configure === 'none' ? undefined : failureToReport(input, link);
  if (failure !== undefined) return misconfigured(router, failure);
  if (configure !== 'first') return online(router, profileFailure(input));
  return whilePending(input);
}

/** The peer is that of a script which has just been followed by another: what it does is not the Router's any more. */
function isOutdated({ router: { status }, publicKey }: RouterInput): boolean {
  return status?.publicKey !== undefined && publicKey !== undefined && status.publicKey !== publicKey;
}

/** It waits for a fresh script, and what was said of the router before that is not true any more. */
const isAnew = ({ status }: Router): boolean =>
  status?.phase === 'AwaitingConnection' && findCondition(status.conditions, 'Connected')?.status === 'True';

/** A router on which a profile failed is set up apart from that. What was said stays until it is looked at anew. */
function profileFailure({ profiles, router }: RouterInput): Problem | undefined {
  if (profiles !== undefined) return profiles.failure;
  const before = findCondition(router.status?.conditions, 'Configured');
  return before?.reason === 'ProfileFailed'
    ? { reason: 'ProfileFailed', message: before.message }
    : undefined;
}

function whilePending(input: RouterInput): Saying | undefined {
  const { router } = input;
  const isSlow = (untilConfiguring(input) ?? CONFIGURING_AFTER_MS) <= 0;
  const isKnownConnected = findCondition(router.status?.conditions, 'Connected')?.status === 'True';
  switch (isKnownConnected ? router.status?.phase : undefined) {
    case 'Online':
    case 'Configuring':
      return undefined;
    case 'VPNConnected':
      return isSlow ? unconfigured(router, 'Configuring') : undefined;
    default:
      return unconfigured(router, isSlow ? 'Configuring' : 'VPNConnected');
  }
}

/** ms until the attempts under way are called Configuring; undefined while there is none. */
function untilConfiguring({ record, now }: RouterInput): number | undefined {
  if (record === undefined || record.state === 'done') return undefined;
  return record.startedAt + CONFIGURING_AFTER_MS - now.monotonic;
}

/**
 * The failure, once it is worth a write. A router answers only while its own NAT and firewall remember the tunnel's
 * packets, so silence counts from the second time on; whatever goes wrong with a router that was fine before, save a
 * refused log-in, from the third.
 */
function failureToReport({ router, record }: RouterInput, link: Link): Problem | undefined {
  const failure = record?.failure;
  if (record === undefined || failure === undefined) return undefined;
  if (record.generation !== router.metadata.generation || record.arrivals !== link.arrivals) return undefined;
  return record.failures > toleratedFailures(router, failure) ? failure : undefined;
}

function toleratedFailures(router: Router, failure: Problem): number {
  if (failure.reason === 'LoginRefused') return 0;
  if (isConfigured(router)) return 2;
  return failure.reason === 'RouterUnreachable' ? 1 : 0;
}

/** Said once of a router that this manager last called connected, or offline, and that is no peer any more. */
function planRemoved(input: RouterInput): RouterPlan {
  const { router } = input;
  const { phase, conditions } = router.status ?? {};
  const connected = findCondition(conditions, 'Connected');
  if (connected?.status !== 'True' && connected?.reason !== 'HandshakeTimeout') return NOTHING;
  // Until the controller has said Suspended, omitting phase and Ready would delete them: they are this manager's.
  if (router.spec.suspended && phase !== 'Suspended') return NOTHING;
  if (isAnew(router)) return { ...NOTHING, write: writeOf(input, anew(router)) };
  const saying = router.spec.suspended ? suspended(router) : removed(router);
  return { ...NOTHING, write: writeOf(input, saying) };
}
