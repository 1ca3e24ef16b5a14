import type { Event } from './builtin.ts';
import { microTime } from './microtime.ts';
import type { ObjectRef } from './object.ts';

export interface EventInput {
  /** The object that it is about: `refOf(object)`. */
  regarding: ObjectRef;
  type: 'Normal' | 'Warning';
  /** Why, UpperCamelCase. */
  reason: string;
  /** What was done or tried, UpperCamelCase. */
  action: string;
  /** For people; cut to 1 kB. */
  note: string;
  related?: ObjectRef;
}

export interface EventSource {
  /** A qualified name, e.g. `example.com/controller`. */
  reportingController: string;
  /** e.g. the pod's name. */
  reportingInstance: string;
}

/** Limits of events.k8s.io/v1 (kubernetes pkg/apis/core/validation/events.go), in bytes. */
const MAX_NOTE = 1024;
const MAX_WORD = 128;
/** Of 253, with `.` and 16 digits to come. */
const MAX_NAME = 230;

/** What makes Events alike. The note counts: another note is other news. */
export function eventKey(input: EventInput): string {
  const { regarding, related, type, reason, action, note } = input;
  const named = (ref: ObjectRef | undefined) =>
    ref && [ref.apiVersion, ref.kind, ref.namespace, ref.name, ref.uid];
  return JSON.stringify([named(regarding), named(related), type, reason, action, note]);
}

/** `suffix`: 16 hex digits that make the name unique. */
export function eventObject(
  input: EventInput,
  source: EventSource,
  wallMs: number,
  suffix: string,
): Omit<Event, 'apiVersion' | 'kind'> {
  const { regarding, related, type } = input;
  const stem = regarding.name.slice(0, MAX_NAME).replace(/[^a-z0-9]+$/, '');
  return {
    metadata: {
      name: stem === '' ? suffix : `${stem}.${suffix}`,
      // The server takes Events about cluster-scoped objects in this namespace only.
      namespace: regarding.namespace ?? 'default',
    },
    eventTime: microTime(wallMs),
    type,
    reason: cut(input.reason, MAX_WORD),
    action: cut(input.action, MAX_WORD),
    note: cut(input.note, MAX_NOTE),
    regarding,
    ...(related !== undefined && { related }),
    reportingController: source.reportingController,
    reportingInstance: cut(source.reportingInstance, MAX_WORD),
  };
}

/** Cuts to so many bytes of UTF-8, between characters. */
export function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  const ellipsis = Buffer.from('…');
  let end = maxBytes - ellipsis.length;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}
