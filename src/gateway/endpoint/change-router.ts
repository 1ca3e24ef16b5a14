/** One conversation with a router that brings it to the endpoint that its tunnel has now. */
import type { Router } from '../../api/index.ts';
import { type Endpoint, type MoveOutcome, moveEndpoint, underUndo } from '../../routeros/index.ts';
import type { Place } from '../fleet.ts';
import type { LogIn } from '../log-in.ts';
import { openSession, type SessionOptions } from '../open-session.ts';

export interface ChangeInput extends SessionOptions {
  router: Router;
  place: Place;
  wanted: Endpoint;
  serverAddress: string;
  signal: AbortSignal;
}

/** Longer than a change with its undo, which has limits of its own. */
export const CHANGE_LIMIT_MS = 180_000;

/** Throws while nothing is changed yet: the router cannot be spoken to, or is not as the script has left it. */
export async function changeRouter(input: ChangeInput): Promise<MoveOutcome> {
  const { sidecar, cache, router, place, wanted, serverAddress, signal } = input;
  const open = (aborting: AbortSignal): Promise<LogIn> =>
    openSession({ sidecar, cache }, router, place, CHANGE_LIMIT_MS, aborting);
  const { api } = await open(signal);
  try {
    return await moveEndpoint({
      api,
      openAnother: async (aborting) => (await open(aborting)).api,
      underUndo,
      wanted,
      serverAddress,
      signal,
    });
  } finally {
    api.close();
  }
}

/** Why a router did not get there, in one sentence; what it says itself is shortened and without secrets. */
export function whyNot(key: string, to: string, { state, because }: Failed): string {
  const said = because instanceof Error ? because.message.slice(0, 300) : 'it does not answer';
  const sentence = /[.!?]$/.test(said) ? said : `${said}.`;
  if (state === 'Refused') return `Router ${key} was not changed: ${sentence}`;
  const back = state === 'Undone' ? 'has gone back' : 'goes back by itself, within 3 minutes,';
  return `Router ${key} did not get to ${to} and ${back} to the endpoint that it had: ${sentence}`;
}

export type Failed = Extract<MoveOutcome, { because: unknown }>;
