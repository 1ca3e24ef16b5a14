/** What is found out about who uses the key of one Router, and what a person reads of it. Times: monotonic ms. */
import { isFlapping, lastTwo, shakesTooOften, type Trail } from './trail.ts';

/** What was answered from one place. */
export interface Answer {
  /** As the router says it; absent where it has none (CHR, x86). */
  serial: string | undefined;
  /** How often the log-in was refused there since the last answer. */
  refused: number;
}

/** A router that answered, or would not, and where it was. */
export interface Suspect {
  endpoint: string | undefined;
  serial: string | undefined;
}

/** Two serial numbers from two places; one and a refusal; two by turns within the hour; no more than two places by turns. */
type Evidence = 'serials' | 'refusal' | 'turns' | 'places';

export type Finding =
  | { kind: 'Cloned'; by: Evidence; suspects: readonly [Suspect, Suspect] }
  /** One router that comes from more than one place. */
  | { kind: 'Roaming' }
  /** Nothing was seen of another one for long. */
  | { kind: 'Alone'; serial: string | undefined };

/** A log-in is refused now and then for other reasons, as while the password changes. */
const REFUSALS = 2;

/**
 * What the answers from the two places say. undefined: not enough yet.
 * @param isOver no further log-in will be tried
 */
export function findingOf(
  trail: Trail,
  answers: ReadonlyMap<string, Answer>,
  isOver: boolean,
  now: number,
): Finding | undefined {
  const [one, other] = lastTwo(trail);
  if (one === undefined || other === undefined) return undefined;
  const known = [...answers].filter(([, { serial }]) => serial !== undefined);
  const first = known[0];
  const second = known.find(([, { serial }]) => serial !== first?.[1].serial);
  if (first !== undefined && second !== undefined) {
    return { kind: 'Cloned', by: 'serials', suspects: [suspect(first), suspect(second)] };
  }
  const refuser = [...answers].find(([, { refused }]) => refused >= REFUSALS);
  if (first !== undefined && refuser !== undefined && refuser[0] !== first[0]) {
    return { kind: 'Cloned', by: 'refusal', suspects: [suspect(first), suspect([refuser[0], NOBODY])] };
  }
  const hasBoth = [one, other].every((place) => answers.get(place)?.serial !== undefined);
  if (hasBoth) return { kind: 'Roaming' };
  const tooOften = isOver && isFlapping(trail, now) ? shakesTooOften(trail, now) : undefined;
  if (tooOften === undefined) return undefined;
  if (!tooOften) return { kind: 'Roaming' };
  const suspects = [one, other].map((endpoint) => ({ endpoint, serial: undefined }));
  return { kind: 'Cloned', by: 'places', suspects: suspects as [Suspect, Suspect] };
}

const NOBODY: Answer = { serial: undefined, refused: 0 };

const suspect = ([endpoint, { serial }]: readonly [string, Answer]): Suspect => ({ endpoint, serial });

const REMEDY =
  'Each router needs a Router of its own: create one for the second and paste the script of that one there, which takes the place of this one; or shut out both by spec.script.renew.';

export function clonedMessage({ by, suspects: [one, other] }: Extract<Finding, { kind: 'Cloned' }>): string {
  switch (by) {
    case 'serials':
      return `Two routers use the key of this Router: serial number ${serialOf(one)} answers${from(one)}, ${serialOf(other)}${from(other)}. ${REMEDY}`;
    case 'refusal':
      return `Two routers use the key of this Router: serial number ${serialOf(one)} answers${from(one)}; the one${from(other)} refuses the log-in. ${REMEDY}`;
    case 'turns':
      return `Serial numbers ${serialOf(one)}${from(one)} and ${serialOf(other)}${from(other)} have answered by turns within the hour. Either the router was replaced and put back, and this passes; or two routers use the key of this Router. ${REMEDY}`;
    case 'places':
      return `Two routers seem to use the key of this Router: it comes${from(one)} and${from(other)} by turns, and shakes hands more often than one router does. ${REMEDY}`;
  }
}

export const changedMessage = (before: Suspect, after: Suspect): string =>
  `The router with serial number ${serialOf(after)}${from(after)} has taken the place of ${serialOf(before)}. If it was replaced, nothing is to be done; a fresh script (spec.script.renew) ends what the old one could still do. If nobody replaced it, somebody else has its secrets: ask for a fresh script.`;

export const aloneMessage = (serial: string | undefined): string =>
  serial === undefined
    ? 'For half an hour the key has been used from one place only.'
    : `For half an hour only one router has used the key, with serial number ${safe(serial)}.`;

const serialOf = ({ serial }: Suspect): string => (serial === undefined ? 'unknown' : safe(serial));

const from = ({ endpoint }: Suspect): string => (endpoint === undefined ? '' : ` from ${endpoint}`);

/** A router may say anything; serial numbers are letters, digits and a slash. */
const safe = (serial: string): string => serial.slice(0, 32).replace(/[^A-Za-z0-9/_-]/g, '?');
