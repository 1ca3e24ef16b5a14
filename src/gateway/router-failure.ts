/** What a person should read when a router could not be configured. */
import type { RouterAccess } from '../api/index.ts';
import { RouterOsError } from '../routeros/index.ts';
import { SidecarError } from '../wireguard/index.ts';
import type { Problem } from './problem.ts';

/**
 * Undefined when the fault is not the router's (the sidecar was away, the agent is stopping), so that nothing is said
 * of it. The router's own words are in the message, shortened and without secrets; they never decide what is done.
 */
export function failureOf(error: unknown, access: RouterAccess): Problem | undefined {
  const { apiPort } = access;
  if (error instanceof RouterOsError) return failureOfApi(error, access);
  if (error instanceof SidecarError) {
    const isRouters = error.code === 'ConnectFailed' || error.code === 'ConnectTimeout';
    return isRouters ? unreachable(apiPort, 'does not answer') : undefined;
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return unreachable(apiPort, 'does not answer');
  }
  return undefined;
}

function failureOfApi(error: RouterOsError, { user, apiPort }: RouterAccess): Problem | undefined {
  switch (error.code) {
    case 'Aborted':
      return undefined;
    case 'LoginRefused':
      return {
        reason: 'LoginRefused',
        message: `The router refuses the user ${user} or its password. Paste the script once more while status.script has it, which sets both again; once it was used, ask for a fresh one with spec.script.renew.`,
      };
    case 'Timeout':
    case 'Closed':
    case 'Fatal':
      return unreachable(
        apiPort,
        'ended the session or stopped answering midway, as a router does that restarts',
      );
    case 'ProtocolViolation':
    case 'TooLarge':
      return failed(
        error,
        `What answers on port ${apiPort} does not speak as RouterOS does: look on the router whether that port is its API and is not forwarded elsewhere, and whether anybody else has been at it.`,
      );
    case 'NotPermitted':
      return failed(
        error,
        `Its group lacks a right that it had from the script. Paste the script once more, which gives the group of the user ${user} its rights again.`,
      );
    default:
      return failed(error, remedyFor(error.message, user));
  }
}

const failed = (error: RouterOsError, remedy: string): Problem => ({
  reason: 'ConfigurationFailed',
  message: `The router could not be configured: ${error.message} ${remedy}`,
});

/**
 * By the words of a refusal: the categories of the API are too coarse (manual, API). Which words RouterOS has for a full
 * disk is nowhere written, so all that are usual are taken.
 */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /(disk|storage|flash|memory) (is )?full|(no|not enough|out of|insufficient) (free )?(disk |storage |flash )?(space|storage|memory)/i,
    'Its storage is full, so that it keeps no settings: remove files from it (/file/print), such as old backups and packages. It is tried again by itself.',
  ],
  [
    /safe.?mode/i,
    'Somebody works on the router in safe mode: nothing is changed until that is released. It is tried again by itself.',
  ],
  [
    /device-mode/i,
    "The router's device-mode forbids it: /system/device-mode/print says what is allowed, and a change of it has to be confirmed at the router, by its button or by its power.",
  ],
  [
    /no such item/i,
    'What had just been read is gone: somebody else changes the router at the same time. It is tried again by itself.',
  ],
];

function remedyFor(said: string, user: string): string {
  const known = REMEDIES.find(([words]) => words.test(said));
  return (
    known?.[1] ?? `It is tried again; see that the user ${user} still has the group that the script gave it.`
  );
}

function unreachable(apiPort: number, what: string): Problem {
  return {
    reason: 'RouterUnreachable',
    message: `The router makes handshakes, but its API on port ${apiPort} ${what}. Look on the router whether "/ip service" has api enabled for the server's address and no input rule drops it before the one of the script; or paste the script once more.`,
  };
}
