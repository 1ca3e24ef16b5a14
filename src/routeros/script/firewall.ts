import { isIP } from 'node:net';
import type { SharedInput } from './input.ts';
import { COMMENT, INTERFACE } from './names.ts';
import { quote } from './quote.ts';
import { bareHost, indent, type Lines, OWN_INTERFACE, step } from './steps.ts';

const IPV4 = '/ip/firewall/filter';
const IPV6 = '/ipv6/firewall/filter';

type Table = typeof IPV4 | typeof IPV6;

/**
 * Lets the server reach the API. The default firewall drops what comes from an interface outside the list LAN, so
 * the rule stands before the first drop, and before the first jump, behind which there may be one. ICMP needs none: the default accepts it before it drops, and who changed
 * that did so on purpose.
 */
export function apiRule({ server, management }: SharedInput): Lines {
  return step(
    'firewall: let the API in by hand, /ip/firewall/filter/print',
    ruleBeforeDrop(
      '/ip/firewall/filter',
      COMMENT.apiRule,
      [
        `protocol="tcp" src-address=${quote(server.address)} in-interface=${quote(INTERFACE)}`,
        `dst-port=${quote(String(management.apiPort))}`,
      ].join(' '),
    ),
  );
}

/**
 * Lets WireGuard packets of the server in while nothing went out: a keepalive has no answer, so connection tracking
 * may forget the flow between two of them, and the default firewall would drop what the server sends then.
 *
 * With an endpoint by name the rule has no address: the name may come to mean another one, and an open WireGuard
 * port answers nobody who does not hold a key. It then stands for IPv6 as well, if the router has that: the name may
 * have such an address, now or later.
 */
export function endpointRule({ server }: SharedInput): Lines {
  const host = bareHost(server.endpointHost);
  const family = isIP(host);
  const source = family === 0 ? '' : `src-address=${quote(host)} `;
  const match = `protocol="udp" ${source}src-port=${quote(String(server.endpointPort))} dst-port=$ttPort`;
  const rule = (table: Table): Lines => [
    `:local ttPort [/interface/wireguard/get ${OWN_INTERFACE} listen-port]`,
    ...ruleBeforeDrop(table, COMMENT.endpointRule, match),
  ];
  const [table, other]: [Table, Table] = family === 6 ? [IPV6, IPV4] : [IPV4, IPV6];
  return [
    ...step('firewall: let UDP of the server in by hand', rule(table)),
    ...(family === 0
      ? [':do {', ...indent(rule(other)), '} on-error={}']
      : // An earlier script may have had an endpoint of the other family.
        [`:do { ${other}/remove [find where comment=${quote(COMMENT.endpointRule)}] } on-error={}`]),
  ];
}

/**
 * Adds the rule before the first static drop or jump of the input chain (dynamic rows cannot be passed), at the end if
 * there is none, and only then removes the ones of an earlier paste: so there is always one, and always in the right place.
 */
function ruleBeforeDrop(table: Table, comment: string, match: string): Lines {
  const drops = '(action="drop" or action="reject" or action="tarpit" or action="jump")';
  const rule = `chain="input" action="accept" ${match} comment=${quote(comment)}`;
  return [
    `:local ttOld [${table}/find where comment=${quote(comment)}]`,
    `:local ttDrop [${table}/find where chain="input" and dynamic=no and ${drops}]`,
    ':if ([:len $ttDrop] > 0) do={',
    `  ${table}/add ${rule} place-before=($ttDrop->0)`,
    `} else={ ${table}/add ${rule} }`,
    `:foreach ttRule in=$ttOld do={ ${table}/remove $ttRule }`,
  ];
}
