/** What the router itself runs to take another WireGuard key, and to take back the one before: no private key leaves it. */
import { COMMENT, FORMER_INTERFACE, INTERFACE } from '../script/names.ts';
import { quote } from '../script/quote.ts';
import { WATCH } from '../undo/script.ts';

export const WIREGUARD = '/interface/wireguard';

/** Characters of a key. One that our user, or a netwatch, may not read is shown as `*****`, and an empty one would make a router draw another. */
const KEY_LENGTH = 44;

const own = `[${WIREGUARD}/find where name=${quote(INTERFACE)}]`;
const former = `[${WIREGUARD}/find where comment=${quote(COMMENT.formerKey)}]`;

/**
 * In the background, a second later, so that its start is answered over the key that still holds. The former key is put
 * by first, into an interface that is never up, where it survives a restart; nothing is done once `watch`, the comment of
 * the undo's watch, is gone. Then the router speaks first, since the server cannot.
 */
export const useKeyScript = (publicKey: string, watch: string, server: string): string =>
  [
    ':delay 1s',
    `:if ([:len [${WATCH}/find where comment=${quote(watch)}]] > 0) do={`,
    `:foreach ttNext in=[${WIREGUARD}/find where comment=${quote(COMMENT.nextKey)} and public-key=${quote(publicKey)}] do={`,
    `:foreach ttOwn in=${own} do={`,
    `:local ttFormer [:tostr [${WIREGUARD}/get $ttOwn private-key]]`,
    `:local ttKey [:tostr [${WIREGUARD}/get $ttNext private-key]]`,
    `:if ([:len $ttFormer] = ${KEY_LENGTH} and [:len $ttKey] = ${KEY_LENGTH}) do={`,
    `${WIREGUARD}/add name=${quote(FORMER_INTERFACE)} disabled=yes private-key=$ttFormer comment=${quote(COMMENT.formerKey)}`,
    `:if ([:len ${former}] = 1) do={ ${WIREGUARD}/set $ttOwn private-key=$ttKey }`,
    '}',
    '}',
    '}',
    `:do { /tool/ping address=${quote(server)} count=3 } on-error={}`,
    '}',
  ].join('\n');

/** One line, which does nothing where no former key is put by, or may not be read. */
export const formerKeyLine = (): string =>
  [
    `:foreach ttFormer in=${former} do={`,
    `:local ttKey [:tostr [${WIREGUARD}/get $ttFormer private-key]];`,
    `:if ([:len $ttKey] = ${KEY_LENGTH}) do={`,
    `${WIREGUARD}/set ${own} private-key=$ttKey;`,
    `${WIREGUARD}/remove $ttFormer`,
    '} }',
  ].join(' ');
