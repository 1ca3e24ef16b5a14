/** From what is to be said of a router, and what its status says already, to one write and its Event, or none. */
import { isDeepStrictEqual } from 'node:util';
import type { EventReason, Router, RouterStatus } from '../api/index.ts';
import { type Condition, findCondition, type OwnedStatus, setCondition } from '../kube/index.ts';
import type { ConfigurationRecord } from './configuration-record.ts';
import { identitySaying } from './identity/saying.ts';
import type { KeySaying } from './keys/key-step.ts';
import { factsStatus } from './router-facts.ts';
import type { RouterInput } from './router-input.ts';
import type { SaidCondition, Saying } from './router-sayings.ts';

export interface RouterEvent {
  type: 'Normal' | 'Warning';
  reason: EventReason;
  action: string;
  note: string;
}

export interface RouterWrite {
  /** This manager's part of the status, whole, as server-side apply wants it. */
  status: RouterStatus;
  owned: OwnedStatus;
  event: RouterEvent | undefined;
}

const FACT_FIELDS = ['credentials', 'model', 'version', 'serialNumber', 'interfaces'] as const;
const SAID_FIELDS = [...FACT_FIELDS, 'profiles'] as const;
const TIME_FIELDS = ['lastSeen', 'lastHandshakeTime'] as const;

const WITHOUT_PHASE: OwnedStatus = {
  fields: [...TIME_FIELDS, ...SAID_FIELDS],
  conditions: ['Programmed', 'Connected', 'Configured', 'Unique', 'BackedUp'],
};
const WITH_PHASE: OwnedStatus = {
  fields: [...WITHOUT_PHASE.fields, 'phase'],
  conditions: [...WITHOUT_PHASE.conditions, 'Ready'],
};

/** undefined when the status says it already: times alone are never a reason to write. */
export function writeOf(input: RouterInput, saying: Saying): RouterWrite | undefined {
  const { router, record, now, backup } = input;
  const owned = holdsPhase(router) && saying.phase !== undefined ? WITH_PHASE : WITHOUT_PHASE;
  const before: RouterStatus = router.status ?? {};
  const phase = owned === WITH_PHASE ? saying.phase : undefined;
  const identity = identitySaying(router, input.identity, record?.facts?.serialNumber);
  const all = [...saying.conditions, identity.condition, backup].filter((one) => one !== undefined);
  const said = all.filter(({ type }) => owned.conditions.includes(type));
  const facts = {
    ...(record?.facts === undefined || identity.keepsFacts
      ? pick(before, FACT_FIELDS)
      : factsStatus(record.facts)),
    ...(identity.serial !== undefined && { serialNumber: identity.serial }),
    ...credentials(before, record, input.key),
    ...profiles(input),
  };
  const isSame =
    (phase === undefined || phase === before.phase) &&
    said.every((condition) => isSaid(before.conditions, condition)) &&
    (backup !== undefined || findCondition(before.conditions, 'BackedUp') === undefined) &&
    isDeepStrictEqual(pick(facts, SAID_FIELDS), pick(before, SAID_FIELDS));
  if (isSame) return undefined;
  const kept = (before.conditions ?? []).filter(
    ({ type }) => owned.conditions.includes(type) && (backup !== undefined || type !== 'BackedUp'),
  );
  return {
    status: {
      ...pick(before, TIME_FIELDS),
      ...times(input),
      ...facts,
      ...(phase !== undefined && { phase }),
      conditions: said.reduce<Condition[]>(
        (list, condition) => setCondition(list, condition, now.wall),
        kept,
      ),
    },
    owned,
    event: identity.event ?? eventOf(before, phase, said),
  };
}

/** Not while the controller speaks of a router that it has cut off or cannot give what it asks for. */
function holdsPhase({ spec, status }: Router): boolean {
  if (spec.suspended || status?.phase === 'Suspended' || status?.phase === 'Error') return false;
  return status?.phase !== 'Pending' || findCondition(status.conditions, 'Allocated')?.status !== 'False';
}

function isSaid(before: readonly Condition[] | undefined, condition: SaidCondition): boolean {
  const known = findCondition(before, condition.type);
  return (
    known !== undefined &&
    known.status === condition.status &&
    known.reason === condition.reason &&
    known.message === condition.message &&
    known.observedGeneration === condition.observedGeneration
  );
}

/** Nothing is said of the password of a script, number 0. */
function credentials(
  { credentials: said }: RouterStatus,
  record: ConfigurationRecord | undefined,
  key: KeySaying | undefined,
): Pick<RouterStatus, 'credentials'> {
  if (said === undefined && !record?.revision && key === undefined) return {};
  const revision = record?.revision || (said?.revision ?? 0);
  return { credentials: { ...said, revision, ...(key && { key }) } };
}

function times({ link, record, now }: RouterInput): Pick<RouterStatus, (typeof TIME_FIELDS)[number]> {
  if (link === undefined || link.lastHandshake === 0) return {};
  const handshake = Math.min(link.lastHandshake * 1000, now.wall);
  const seen = Math.max(handshake, record?.answeredAt ?? 0);
  return { lastHandshakeTime: rfc3339(handshake), lastSeen: rfc3339(seen) };
}

/** None is left out: the writer sends what it owns. */
function profiles({ profiles, router }: RouterInput): Pick<RouterStatus, 'profiles'> {
  const reports = profiles?.reports ?? router.status?.profiles ?? [];
  return reports.length === 0 ? {} : { profiles: [...reports] };
}

/** To the second, as metav1.Time. */
export const rfc3339 = (wallMs: number): string => `${new Date(wallMs).toISOString().slice(0, 19)}Z`;

function pick<T extends object, K extends keyof T>(from: T, fields: readonly K[]): Pick<T, K> {
  const picked = {} as Pick<T, K>;
  for (const field of fields) if (from[field] !== undefined) picked[field] = from[field];
  return picked;
}

/** At most one Event a write. */
function eventOf(
  before: RouterStatus,
  phase: RouterStatus['phase'],
  said: readonly SaidCondition[],
): RouterEvent | undefined {
  const was = (type: string) => findCondition(before.conditions, type);
  const is = (type: string) => said.find((condition) => condition.type === type);
  const connected = is('Connected');
  if (connected?.status === 'True' && was('Connected')?.status !== 'True') {
    const note = phase === 'Online' ? 'The router is connected and online.' : 'The router is connected.';
    return { type: 'Normal', reason: 'RouterConnected', action: 'WatchHandshake', note };
  }
  if (connected?.reason === 'HandshakeTimeout' && was('Connected')?.status === 'True') {
    return { type: 'Warning', reason: 'RouterOffline', action: 'WatchHandshake', note: connected.message };
  }
  const configured = is('Configured');
  const isNewFailure = configured?.status === 'False' && was('Configured')?.reason !== configured.reason;
  if (isNewFailure && (phase === 'Configuring' || configured.reason === 'ProfileFailed')) {
    return { type: 'Warning', reason: 'ConfigurationFailed', action: 'Configure', note: configured.message };
  }
  if (phase === 'Online' && before.phase !== 'Online') {
    return {
      type: 'Normal',
      reason: 'RouterOnline',
      action: 'Configure',
      note: 'The router is connected and online.',
    };
  }
  return undefined;
}
