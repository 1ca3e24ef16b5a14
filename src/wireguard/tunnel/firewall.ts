import { formatAddress, formatNetwork, type Network } from '../ipv4.ts';
import type { RouterToRouter } from '../protocol.ts';
import { type ServicePorts, type ServiceRules, serviceRules } from './service-rules.ts';

export const TABLE = 'inet tenant_tunnel';

/** What the rules of a tunnel's namespace are made from. */
export interface FirewallInput {
  interfaceName: string;
  /** The server's addresses, with the length of the tunnel's subnets. */
  addresses: readonly Network[];
  routerToRouter: RouterToRouter;
  /** Bytes. */
  mtu: number;
  /** Ports of the server that are open to routers. */
  services?: ServicePorts | undefined;
}

/** Headers of IPv4 and TCP without options, bytes. */
const HEADERS = 40;

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
const prerouting = ({ interfaceName, addresses }: FirewallInput, { raw }: ServiceRules): string[] =>
  chain('prerouting', 'raw', 'accept', [
    `iifname "${interfaceName}" ip daddr != ${oneOf(addresses)} notrack`,
    `iifname "${interfaceName}" icmp type echo-request notrack`,
    ...raw,
  ]);

function inputChain({ interfaceName, addresses }: FirewallInput, services: ServiceRules): string[] {
  const pings = addresses
    .map((own) => `ip saddr ${formatNetwork(own)} ip daddr ${formatAddress(own.address)}`)
    .sort()
    .map((between) => `iifname "${interfaceName}" ${between} icmp type echo-request accept`);
  return chain('input', 'filter', 'drop', [
    // It counts as related to what it names.
    'icmp type redirect drop',
    'ct state established,related accept',
    'iifname "lo" accept',
    ...new Set(pings),
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
const postrouting = ({ mtu }: FirewallInput): string[] =>
  chain('postrouting', 'mangle', 'accept', [`tcp flags syn tcp option maxseg size set ${mtu - HEADERS}`]);

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
