/** A WireGuard key that a router makes for itself, in place of the one that stood in its script. */
import { randomBytes } from 'node:crypto';
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import { COMMENT, INTERFACE, NEXT_INTERFACE } from '../script/names.ts';
import { UNDO, type UndoOutcome, underUndo } from '../undo/index.ts';
import { formerKeyLine, useKeyScript, WIREGUARD } from './key-script.ts';

/** 32 bytes in canonical base64. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

interface KeyRow {
  id: string;
  publicKey: string;
}

/** Public keys on a router; a private one is never asked for. */
export interface KeyRows {
  /** Of the tunnel's interface. */
  own: KeyRow;
  /** Made, and not in use. */
  made: readonly KeyRow[];
  /** Put by while another was tried. */
  former: readonly KeyRow[];
}

/** Throws {@link RouterOsError}, also where the tunnel's interface is not to be found. */
export async function readKeys(api: RouterOsApi, options: CommandOptions = {}): Promise<KeyRows> {
  const asked = { path: `${WIREGUARD}/print`, proplist: ['.id', 'name', 'comment', 'public-key'] };
  const { rows } = await api.command(asked, options);
  const of = (property: 'name' | 'comment', value: string): KeyRow[] =>
    rows
      .filter((row) => row[property] === value && KEY.test(row['public-key'] ?? ''))
      .map(({ '.id': id = '', 'public-key': publicKey = '' }) => ({ id, publicKey }));
  const [own] = of('name', INTERFACE);
  if (own === undefined)
    throw new RouterOsError('Trap', `The router lists no WireGuard interface ${INTERFACE}.`);
  return { own, made: of('comment', COMMENT.nextKey), former: of('comment', COMMENT.formerKey) };
}

/** Has the router make a key, in an interface that is never up; answers the public one. Throws {@link RouterOsError}. */
export async function makeKey(api: RouterOsApi, options: CommandOptions = {}): Promise<string> {
  await api.command(
    {
      path: `${WIREGUARD}/add`,
      attributes: { name: NEXT_INTERFACE, disabled: true, comment: COMMENT.nextKey },
    },
    options,
  );
  const { made } = await readKeys(api, options);
  const publicKey = made[0]?.publicKey;
  if (publicKey === undefined)
    throw new RouterOsError(
      'Trap',
      'The router made a WireGuard interface and does not tell its public key.',
    );
  return publicKey;
}

/** Keys that are of no use any more. */
export async function removeKeys(
  api: RouterOsApi,
  rows: readonly KeyRow[],
  options: CommandOptions = {},
): Promise<void> {
  for (const { id } of rows)
    await api.command({ path: `${WIREGUARD}/remove`, attributes: { '.id': id } }, options);
}

export interface UseKeyInput {
  api: RouterOsApi;
  openAnother: (signal: AbortSignal) => Promise<RouterOsApi>;
  /** Made by {@link makeKey}, and let in by the server. */
  publicKey: string;
  /** Address of the server in the tunnel. */
  server: string;
  /** Throws where the server does not let the key in, or has not heard by it, so that the router must not keep it. */
  stillHolds: () => void;
  signal: AbortSignal;
}

/** Has the router use a key that it has made, until it is proven; else it is back at the one before by itself. */
export function useKey({
  api,
  openAnother,
  publicKey,
  server,
  stillHolds,
  signal,
}: UseKeyInput): Promise<UndoOutcome> {
  if (!KEY.test(publicKey)) throw new RouterOsError('InvalidRequest', 'This is no WireGuard key.');
  const nonce = randomBytes(8).toString('hex');
  return underUndo({
    api,
    openAnother,
    changes: [
      {
        kind: 'run',
        path: '/execute',
        script: useKeyScript(publicKey, `${UNDO}${nonce}`, server),
        undo: formerKeyLine(),
      },
    ],
    prove: async (another, aborting) => {
      const { own } = await readKeys(another, { signal: aborting });
      // It takes a second to begin; so this is asked again, as an answer that is late.
      if (own.publicKey !== publicKey)
        throw new RouterOsError('Timeout', 'The router does not use its new WireGuard key.');
      stillHolds();
    },
    signal,
    nonce: () => nonce,
  });
}
