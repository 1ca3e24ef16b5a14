import { isIP } from 'node:net';
import type { SharedInput } from './input.ts';
import { COMMENT, INTERFACE } from './names.ts';
import { quote } from './quote.ts';
import { bareHost, type Lines, step } from './steps.ts';

const PEERS = '/interface/wireguard/peers';
/** A session that has not been renewed for so long is dead on both sides (WireGuard paper §6.1, Reject-After-Time: 180 s). */
const DEAD_AFTER = '3m';
const LOOK_EVERY = '1m';

/**
 * RouterOS asks for the address behind an endpoint's name when the peer is set up, and not again. So a netwatch on the
 * server's address looks each minute whether the session is dead and the name means something else by now. Netwatch,
 * since device-mode forbids a scheduler on home routers and not this (manual, Device-mode), and since it may read and write
 * (manual, Netwatch).
 *
 * With an endpoint by address there is nothing to look for, and what an earlier script has left goes.
 */
export function resolveAgain({ server }: SharedInput): Lines {
  const host = bareHost(server.endpointHost);
  const remove = `/tool/netwatch/remove [find where comment=${quote(COMMENT.resolveAgain)}]`;
  if (isIP(host) !== 0) return [`:do { ${remove} } on-error={}`];
  return step(
    'endpoint: pasted again it looks for its new address, for it does not by itself; see /tool/netwatch/print',
    [
      ':local ttText ""',
      ...lookAgain(host).map((line) => `:set ttText ($ttText . ${quote(`${line} `)})`),
      remove,
      [
        `/tool/netwatch/add host=${quote(server.address)} type=simple interval=${LOOK_EVERY}`,
        `test-script=$ttText comment=${quote(COMMENT.resolveAgain)}`,
      ].join(' '),
    ],
  );
}

/** What the netwatch runs, and the rest of its row, for whoever sets them by other means than the script. */
export const lookAgainText = (host: string): string =>
  lookAgain(host)
    .map((line) => `${line} `)
    .join('');

export const lookerOf = (serverAddress: string) => ({
  host: serverAddress,
  type: 'simple',
  interval: LOOK_EVERY,
  comment: COMMENT.resolveAgain,
});

/**
 * Nothing is written while the session lives, nothing while the name means the same: a router that is off the internet for
 * a week writes its flash no more than one that is not. The address first, then the name: either is a peer that works,
 * so that a power cut between the two leaves one, and the name is asked anew when it is set, whatever was known of it.
 */
function lookAgain(host: string): string[] {
  const get = (property: string) => `[${PEERS}/get $ttPeer ${property}]`;
  const ask = `:return [:resolve ${quote(host)} type=ipv6]`;
  return [
    `:foreach ttPeer in=[${PEERS}/find where interface=${quote(INTERFACE)}] do={`,
    `:local ttDead true; :local ttShake [:tostr ${get('last-handshake')}];`,
    `:if ([:len $ttShake] > 0) do={ :set ttDead ([:totime $ttShake] > ${DEAD_AFTER}) };`,
    ':if ($ttDead) do={ :local ttNow "";',
    `:do { :set ttNow [:tostr [:resolve ${quote(host)}]] }`,
    `on-error={ :do { :local ttAsk [:parse ${quote(ask)}]; :set ttNow [:tostr [$ttAsk]] } on-error={} };`,
    `:local ttIs [:tostr ${get('current-endpoint-address')}]; :local ttSet [:tostr ${get('endpoint-address')}];`,
    `:if ([:len $ttNow] > 0 and ($ttNow != $ttIs or $ttSet != ${quote(host)})) do={`,
    `${PEERS}/set $ttPeer endpoint-address=$ttNow; :delay 1s;`,
    `${PEERS}/set $ttPeer endpoint-address=${quote(host)} } } }`,
  ];
}
