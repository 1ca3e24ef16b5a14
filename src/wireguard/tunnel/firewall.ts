import { subnet6Of } from '../addresses.ts';
import { formatAddress, formatNetwork, type Network } from '../ipv4.ts';
import type { RouterToRouter } from '../protocol.ts';
import { type ServicePorts, type ServiceRules, serviceRules } from './service-rules.ts';

export const TABLE = 'inet tenant_tunnel';

/** What the rules of a tunnel's namespace are made from. */
export interface FirewallInput {
  interfaceName: string;
  /** The server's addresses, with the length of the tunnel's subnets. */
  addresses: readonly Network[];
  /** Its IPv6 addresses, in a tunnel that has some; each is of a /64. */
  addresses6?: readonly string[];
  routerToRouter: RouterToRouter;
  /** Bytes. */
  mtu: number;
  /** Ports of the server that are open to routers. */
  services?: ServicePorts | undefined;
}

/** Headers of IPv4, or IPv6, and TCP without options, bytes. */
const HEADERS = 40;
const HEADERS_6 = 60;

/**
 * The rules of a tunnel's namespace, spelled as `nft list` prints them. Routers may ping the server, come to the ports
 * of services, and reach each other and the networks behind them where that is allowed; nothing else comes in, and
 * there is nowhere else to go. That a packet's source is its sender's own, WireGuard has seen to by then.
 */
export function renderFirewall(input: FirewallInput): string {
  const services = serviceRules(input.interfaceName, input.addresses, input.services);
  const chains = [
    ...services.sets,
    prerouting(input, services),
    inputChain(input, services),
    forward(input),
    postrouting(input),
    ...output(services),
  ];
  return [`table ${TABLE} {`, chains.map((lines) => lines.join('\n')).join('\n\n'), '}', ''].join('\n');
}

/** A chain of the `filter` table's kind, with its lines. */
function chain(
  name: string,
  priority: string,
  policy: 'accept' | 'drop',
  rules: readonly string[],
): string[] {
  const head = `type filter hook ${name} priority ${priority}; policy ${policy};`;
  return [`\tchain ${name} {`, ...[head, ...rules].map((line) => `\t\t${line}`), '\t}'];
}

/** What needs no memory gets none: a router must not be able to fill the table that others' connections stand in. */
function prerouting(
  { interfaceName, addresses, addresses6 = [] }: FirewallInput,
  { raw }: ServiceRules,
): string[] {
  const comesIn = `iifname "${interfaceName}"`;
  const own6 = [...addresses6].sort();
  return chain('prerouting', 'raw', 'accept', [
    `${comesIn} ip daddr != ${oneOf(addresses)} notrack`,
    `${comesIn} icmp type echo-request notrack`,
    ...(own6.length === 0
      ? []
      : [
          `${comesIn} ip6 daddr != ${own6.length === 1 ? own6.join() : `{ ${own6.join(', ')} }`} notrack`,
          `${comesIn} icmpv6 type echo-request notrack`,
        ]),
    ...raw,
  ]);
}

function inputChain(
  { interfaceName, addresses, addresses6 = [] }: FirewallInput,
  services: ServiceRules,
): string[] {
  const pings = addresses
    .map((own) => `ip saddr ${formatNetwork(own)} ip daddr ${formatAddress(own.address)}`)
    .sort()
    .map((between) => `iifname "${interfaceName}" ${between} icmp type echo-request accept`);
  const pings6 = addresses6
    .map((own) => `ip6 saddr ${subnet6Of(own)} ip6 daddr ${own}`)
    .sort()
    .map((between) => `iifname "${interfaceName}" ${between} icmpv6 type echo-request accept`);
  return chain('input', 'filter', 'drop', [
    // It counts as related to what it names.
    'icmp type redirect drop',
    ...(addresses6.length === 0 ? [] : ['icmpv6 type nd-redirect drop']),
    'ct state established,related accept',
    'iifname "lo" accept',
    ...new Set(pings),
    ...pings6,
    ...services.input,
  ]);
}

const forward = ({ interfaceName, routerToRouter }: FirewallInput): string[] =>
  chain('forward', 'filter', 'drop', [
    ...(routerToRouter === 'Allow' ? [`iifname "${interfaceName}" oifname "${interfaceName}" accept`] : []),
  ]);

/**
 * No segment of a stream may be larger than the tunnel: the message that would say so is often filtered on the way.
 * A number rather than the route's MTU, which a router's messages could lower.
 */
const postrouting = ({ mtu, addresses6 = [] }: FirewallInput): string[] =>
  chain('postrouting', 'mangle', 'accept', [
    `tcp flags syn tcp option maxseg size set ${mtu - HEADERS}`,
    // Maxseg is only ever lowered.
    ...(addresses6.length === 0
      ? []
      : [`meta nfproto ipv6 tcp flags syn tcp option maxseg size set ${mtu - HEADERS_6}`]),
  ]);

/** Only where there is something to say. */
const output = ({ rawOutput }: ServiceRules): string[][] =>
  rawOutput.length === 0 ? [] : [chain('output', 'raw', 'accept', rawOutput)];

function oneOf(addresses: readonly Network[]): string {
  const numbers = new Set(addresses.map(({ address }) => address));
  const texts = [...numbers].sort((a, b) => a - b).map(formatAddress);
  return texts.length === 1 ? texts.join() : `{ ${texts.join(', ')} }`;
}

/** One transaction that puts the table in the place of whatever was there under its name. */
export const renderReplacement = (table: string): string => `table ${TABLE}\ndelete table ${TABLE}\n${table}`;
