import { formatAddress, formatNetwork, type Network } from '../ipv4.ts';

/** Ports of the server's address that routers may come to. */
export interface ServicePorts {
  ports: readonly { protocol: 'UDP' | 'TCP'; port: number }[];
  /** Datagrams of one source, a second. */
  packetsPerSecond: number;
}

/** Datagrams of a whole tunnel to one port, a second: all tunnels of a node share what takes them on. */
const TUNNEL_PACKETS_PER_SECOND = 10_000;
/** New connections of one source, a second. */
const CONNECTIONS_PER_SECOND = 50;
/** As many as a tunnel has addresses, at most. */
const SOURCES = 65_536;

const set = (name: string): string[] => [
  `\tset ${name} {`,
  '\t\ttype ipv4_addr',
  `\t\tsize ${SOURCES}`,
  '\t\tflags dynamic,timeout',
  '\t\ttimeout 1m',
  '\t}',
];

const over = (perSecond: number, burst: number): string =>
  `limit rate over ${perSecond}/second burst ${burst} packets`;

export interface ServiceRules {
  /** Sets of the table. */
  sets: string[][];
  /** Before connections are remembered: floods end here, source by source. */
  raw: string[];
  input: string[];
  /** Of replies, before connections are remembered. */
  rawOutput: string[];
}

/**
 * Rules for the ports of a tunnel's services. Datagrams need no memory of the kernel's: the relay knows its flows, and a
 * router must not fill the table that connections stand in.
 */
export function serviceRules(
  interfaceName: string,
  addresses: readonly Network[],
  services: ServicePorts | undefined,
): ServiceRules {
  const rules: ServiceRules = { sets: [], raw: [], input: [], rawOutput: [] };
  const { ports = [], packetsPerSecond = 0 } = services ?? {};
  const has = (wanted: string): boolean => ports.some(({ protocol }) => protocol === wanted);
  if (has('UDP')) rules.sets.push(set('askers'));
  if (has('TCP')) rules.sets.push(set('callers'));
  for (const own of addresses) {
    const address = formatAddress(own.address);
    const from = `iifname "${interfaceName}" ip saddr ${formatNetwork(own)} ip daddr ${address}`;
    for (const { protocol, port } of ports) {
      if (protocol === 'TCP') {
        const each = over(CONNECTIONS_PER_SECOND, 2 * CONNECTIONS_PER_SECOND);
        rules.raw.push(`${from} tcp dport ${port} tcp flags syn update @callers { ip saddr ${each} } drop`);
        rules.input.push(`${from} tcp dport ${port} accept`);
      } else {
        const each = over(packetsPerSecond, 2 * packetsPerSecond);
        const all = over(TUNNEL_PACKETS_PER_SECOND, TUNNEL_PACKETS_PER_SECOND);
        rules.raw.push(`${from} udp dport ${port} update @askers { ip saddr ${each} } drop`);
        rules.raw.push(`${from} udp dport ${port} ${all} drop`);
        rules.raw.push(`${from} udp dport ${port} notrack`);
        rules.input.push(`${from} udp dport ${port} accept`);
        rules.rawOutput.push(`oifname "${interfaceName}" ip saddr ${address} udp sport ${port} notrack`);
      }
    }
  }
  return rules;
}
