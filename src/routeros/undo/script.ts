/** What the router itself runs to be as it was before. */
import { quote } from '../script/quote.ts';

/** The job looks so often whether it is still needed, and acts after so many looks (75 s). */
const LOOK_SECONDS = 3;
const LOOKS = 25;
/** Netwatch acts where the job is gone: after so long, or at once when the router was restarted. */
export const WATCH_ACTS_AFTER_SECONDS = 90;

/** The netwatch row that is both the undo after a restart and the sign that an undo is wanted at all. */
export const WATCH = '/tool/netwatch';
export const SCHEDULER = '/system/scheduler';
/** The two hosts a watch may have: the second tells the job not to wait any longer. Both answer on any router. */
export const WATCHED = '127.0.0.1';
export const HURRIED = '127.0.0.2';

/** `comment` is that of the watch, which no other undo has. */
const armed = (comment: string): string => `[${WATCH}/find where comment=${quote(comment)}]`;

/** Tells the job not to wait any longer, from the router itself. */
export const giveUpText = (comment: string): string =>
  `:foreach ttRow in=${armed(comment)} do={ ${WATCH}/set $ttRow host=${HURRIED} }`;

/** Where something could not be undone the watch stays, so that we hear of it and it is tried again. */
const disarm = (comment: string): string[] => [
  ':if ($ttBad = 0) do={',
  `:do { ${SCHEDULER}/remove [find where comment=${quote(comment)}] } on-error={}`,
  `${WATCH}/remove ${armed(comment)}`,
  '}',
];

/**
 * The job in the background: it waits as long as the watch is there, and then undoes. It has the rights of our user.
 * `isSafe`: a session of ours holds safe mode, which a router lets go of only minutes after the connection was cut; what
 * could be undone by that is undone by it first.
 */
export function jobText(undo: string, comment: string, isSafe: boolean): string {
  return [
    ':local ttLooks 0',
    `:while ([:len ${armed(comment)}] > 0 and $ttLooks < ${LOOKS}) do={`,
    `:delay ${LOOK_SECONDS}s`,
    ':set ttLooks ($ttLooks + 1)',
    `:foreach ttRow in=${armed(comment)} do={`,
    `:if ([:tostr [${WATCH}/get $ttRow host]] = ${quote(HURRIED)}) do={ :set ttLooks ${LOOKS} }`,
    '}',
    '}',
    `:if ([:len ${armed(comment)}] > 0) do={`,
    ...(isSafe ? [`:do { [[:parse ${quote('/safe-mode/unroll')}]] } on-error={}`] : []),
    undo,
    ...disarm(comment),
    '}',
  ].join('\n');
}

/**
 * What the watch, and a scheduler where users are changed, runs each few seconds. `uptimeSeconds` is the router's when it is put there: an uptime below that means
 * a restart. Netwatch has the rights read, write, test and reboot (MikroTik manual, Netwatch).
 */
export function watchText(undo: string, comment: string, uptimeSeconds: number): string {
  const latest = uptimeSeconds + WATCH_ACTS_AFTER_SECONDS;
  return [
    ':local ttUp [/system/resource/get uptime]',
    `:if ([:len ${armed(comment)}] > 0 and ($ttUp < ${uptimeSeconds}s or $ttUp > ${latest}s)) do={`,
    undo,
    ...disarm(comment),
    '}',
  ].join('\n');
}
