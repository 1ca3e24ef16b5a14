/** What a router's `/export` says, and what of it counts. Pure. */
import { RouterOsError } from '../errors.ts';
import { UNDO } from '../undo/watch.ts';
import { withoutSensitive } from './sensitive.ts';

export interface RouterExport {
  /** As the router wrote it, a line feed after each line, without what this project knows to be secret. */
  text: string;
  /** What it is compared by: without remarks, which have the date, and what is up and what is not at the moment. */
  content: string;
  /** That wrote it, e.g. `7.16.2`. */
  version: string;
}

/** Printed after the export: without it the router has cut what it said. */
export const END = 'tenant-tunnel: end of export';

/** E.g. `# 2026-11-27 04:20:37 by RouterOS 7.16.2`, before 7.10 `# nov/27/2026 …`. */
const HEAD = /^# .{1,40} by RouterOS (\d[\w.]{0,20})$/m;

/** Shorter ones are words that stand in a configuration for other things. */
const LEAST_SECRET = 8;

/** `secrets`: of ours, which must not be in it whatever the router thinks of them. Throws {@link RouterOsError}. */
export function readExport(said: string, secrets: readonly string[]): RouterExport {
  const lines = said.replace(/\r\n?/g, '\n');
  const end = lines.lastIndexOf(END);
  const whole = end < 0 ? lines : lines.slice(0, end);
  const version = HEAD.exec(whole.slice(0, 1000))?.[1];
  if (version === undefined) throw new RouterOsError('ProtocolViolation', noExport(whole));
  if (end < 0)
    throw new RouterOsError(
      'TooLarge',
      `The router gives the first ${Buffer.byteLength(whole)} bytes of its export only.`,
    );
  if (whole.includes(UNDO))
    throw new RouterOsError(
      'Trap',
      'The router is still undoing an earlier change, so its export is not kept.',
    );
  const text = secrets
    .filter(({ length }) => length >= LEAST_SECRET)
    .reduce((masked, secret) => masked.replaceAll(secret, '*****'), withoutSensitive(whole));
  const counted = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { text, content: [version, ...counted].join('\n'), version };
}

function noExport(said: string): string {
  const line = said.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return `The router answers /export with ${line === '' ? 'nothing' : `"${[...line].slice(0, 100).join('')}"`}.`;
}
