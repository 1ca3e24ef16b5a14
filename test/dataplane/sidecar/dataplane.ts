import { accessSync, constants } from 'node:fs';

/** What this machine lacks for real tunnels, in words; undefined where nothing is missing. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'root';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return '/dev/net/tun';
  }
}

const why = missing();

/** `describe`, left out where there can be no real tunnels. */
export const dataplane = why === undefined ? describe : describe.skip;

/** For the end of a title: why it is left out; empty where it is not. */
export const leftOut = why === undefined ? '' : ` (left out: no ${why})`;
