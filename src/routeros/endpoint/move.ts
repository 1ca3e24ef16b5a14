/**
 * Brings a router to another endpoint of its tunnel, over that tunnel.
 *
 * All of it is made under an undo (`../undo`): a router that does not find the server at its new place goes back to the old
 * one by itself. It is kept once three things are seen over a session of its own: the endpoint is set, the last
 * handshake is younger than the change, and the router sends to the new place.
 */
import type { RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import { rowId } from '../undo/change.ts';
import type { UndoInput, UndoLimits, UndoOutcome } from '../undo/index.ts';
import { pause } from '../undo/time.ts';
import { type Endpoint, isName, isSameEndpoint, isSameHost } from './endpoint.ts';
import { planMove } from './plan.ts';
import { type ReadPeer, readEndpoint, readPeer } from './read.ts';
import { renewText } from './renew.ts';

export interface MoveInput {
  /** A session that is logged in. Not closed here. */
  api: RouterOsApi;
  openAnother: UndoInput['openAnother'];
  underUndo: (input: UndoInput) => Promise<UndoOutcome>;
  wanted: Endpoint;
  /** In the tunnel. */
  serverAddress: string;
  signal: AbortSignal;
  limits?: Partial<UndoLimits>;
  /** Monotonic ms. */
  now?: () => number;
}

/** `Same`: nothing had to be changed. Else as the undo has it. */
export type MoveOutcome = { state: 'Same' } | UndoOutcome;

/** What looks for a name's new address sets the address first and the name a second later (resolve-again.ts). */
const HALFWAY_MS = 2_500;
/** A server that has not heard from a router for so long begins a handshake itself, from its old place (WireGuard paper §6.5: 15 s). */
const SERVER_FIRST_MS = 12_000;
/** A router tells whole seconds. */
const ROUNDED_MS = 1_000;

/** Throws {@link RouterOsError} while nothing is changed yet. */
export async function moveEndpoint(input: MoveInput): Promise<MoveOutcome> {
  const { api, wanted, serverAddress, signal, now = () => performance.now() } = input;
  let found = await readEndpoint(api, { signal });
  if (!isSameEndpoint(found.peer.endpoint, wanted) && found.lookers.length > 0) {
    await pause(HALFWAY_MS, signal);
    found = await readEndpoint(api, { signal });
  }
  const changes = planMove(found, wanted, serverAddress);
  if (changes.length === 0) return { state: 'Same' };
  const before = found.peer;
  let since = now();
  return input.underUndo({
    api,
    openAnother: input.openAnother,
    changes,
    // Its undo would go with the plug, and leave the peer switched off that the job was about to switch on.
    takesSafeMode: false,
    takeEffect: async (session, { giveUp, signal: aborting }) => {
      since = now();
      const script = renewText(rowId(before.id), wanted, serverAddress, giveUp);
      await session.command({ path: '/execute', attributes: { script } }, { signal: aborting });
    },
    prove: async (session, aborting) => {
      const peer = await readPeer(session, { signal: aborting });
      const lacking = whatLacks({ before, peer, wanted, sinceMs: now() - since });
      // To be asked again, as long as there is time.
      if (lacking !== undefined) throw new RouterOsError('Timeout', lacking);
    },
    signal,
    ...(input.limits && { limits: input.limits }),
  });
}

export interface Sight {
  before: Pick<ReadPeer, 'current'>;
  peer: Omit<ReadPeer, 'id'>;
  wanted: Endpoint;
  /** Since the router was told to make a new session. */
  sinceMs: number;
}

/** Why a router is not known to be at its new endpoint yet, in one sentence; undefined: it is. */
export function whatLacks({ before, peer, wanted, sinceMs }: Sight): string | undefined {
  const { endpoint, current, handshakeMs } = peer;
  if (!isSameEndpoint(endpoint, wanted)) return 'The router has another endpoint than it was given.';
  if (handshakeMs === undefined || handshakeMs + ROUNDED_MS > sinceMs)
    return 'The router has made no handshake with its new endpoint.';
  if (!isName(wanted)) {
    const isThere = isSameEndpoint(current, wanted);
    return isThere ? undefined : 'The server reached the router from its old endpoint, and not the new one.';
  }
  const hasMoved = !isSameHost(current.host, before.current.host) || current.port !== before.current.port;
  // The name means what the router had before, or the server was first, which takes longer.
  const isOwn = sinceMs - handshakeMs <= SERVER_FIRST_MS;
  if (current.port === wanted.port && (hasMoved || isOwn)) return undefined;
  return 'The server reached the router from its old endpoint, and not the new one.';
}
