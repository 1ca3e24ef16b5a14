import { quote } from '../script/quote.ts';
import { type Endpoint, isName } from './endpoint.ts';
import { PEERS } from './read.ts';

/**
 * What the router runs once its peer has another endpoint: it ends its session and makes a new one. Without that, any packet of
 * the server that is still on its way from the old address would lead WireGuard back there, for as long as the session
 * lasts, whatever is set; and only a handshake shows that the new one leads anywhere. Between off and on it is not reached.
 *
 * `id` is the peer's, checked; `giveUp` what makes the router take the change back at once: a name that it cannot resolve
 * is no reason to cut it off.
 */
export function renewText(id: string, wanted: Endpoint, serverAddress: string, giveUp: string): string {
  const peer = `[${PEERS}/find where .id=${id}]`;
  const again = [
    `:do { ${PEERS}/set ${peer} disabled=yes } on-error={}`,
    ':delay 500ms',
    `:do { ${PEERS}/set ${peer} disabled=no } on-error={}`,
    // Where no keepalive is set nothing else would make it speak.
    `:do { /ping address=${quote(serverAddress)} count=2 } on-error={}`,
  ];
  // The answer that this text was taken goes out before; and no handshake of before can be taken for one of after.
  if (!isName(wanted)) return [':delay 1s', ...again].join('\n');
  const resolve = (type: string) => `[[:parse ${quote(`:resolve ${quote(wanted.host)}${type}`)}]]`;
  return [
    ':delay 1s',
    ':local ttKnown true',
    `:do { ${resolve('')} } on-error={ :do { ${resolve(' type=ipv6')} } on-error={ :set ttKnown false } }`,
    `:if ($ttKnown) do={`,
    ...again,
    `} else={ ${giveUp} }`,
  ].join('\n');
}
