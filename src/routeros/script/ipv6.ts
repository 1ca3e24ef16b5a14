import type { ScriptInput } from './input.ts';
import { COMMENT, INTERFACE } from './names.ts';
import { quote } from './quote.ts';
import type { Lines } from './steps.ts';

const ADDRESSES = '/ipv6/address';
const OFF =
  ' IPv6 is off here or was refused, so it goes by IPv4 alone; see /ipv6/settings, then paste again.';

/**
 * The router's IPv6 address, the only one on the interface but for what the router makes up by itself. Its length is the route
 * to the tunnel's /64, as with IPv4, and nothing is advertised. On a router with IPv6 turned off it does not come to be,
 * which is no failure: the last line tells, and the tunnel works by IPv4. Addresses are compared as text that was read,
 * since nobody says how `find` compares them.
 */
export function address6({ ipv6 }: Pick<ScriptInput, 'ipv6'>): Lines {
  if (ipv6 === undefined) return [];
  const own = quote(`${ipv6.address}/64`);
  const ours = `interface=${quote(INTERFACE)}`;
  return [
    ':do {',
    '  :local ttHave 0',
    `  :foreach ttRow in=[${ADDRESSES}/find where ${ours} and dynamic=no] do={`,
    `    :if ([:tostr [${ADDRESSES}/get $ttRow address]] = ${own}) do={`,
    `      ${ADDRESSES}/set $ttRow disabled=no`,
    '      :set ttHave 1',
    `    } else={ ${ADDRESSES}/remove $ttRow }`,
    '  }',
    `  :if ($ttHave = 0) do={ ${ADDRESSES}/add ${ours} address=${own} advertise=no comment=${quote(COMMENT.interface)} }`,
    '  :if ([/ipv6/settings/get disable-ipv6] = true) do={ :error "off" }',
    `} on-error={ :set ttSix ${quote(OFF)} }`,
  ];
}

/** What the last line says as well, as the end of an expression. */
export const sayingOf = ({ ipv6 }: Pick<ScriptInput, 'ipv6'>, text: string): string =>
  ipv6 === undefined ? quote(text) : `(${quote(text)} . $ttSix)`;
