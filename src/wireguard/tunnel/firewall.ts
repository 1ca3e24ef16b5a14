import { formatNetwork, type Network } from '../ipv4.ts';

export const TABLE = 'inet tenant_tunnel';

/**
 * The rules of a tunnel's namespace, spelled as `nft list` prints them. Routers may ping the server and reach each
 * other; nothing else comes in, and there is nowhere else to go.
 */
export function renderFirewall(interfaceName: string, subnets: readonly Network[]): string {
  const sources = [...new Set(subnets.map(formatNetwork))].sort();
  const pings = sources.map(
    (source) => `\t\tiifname "${interfaceName}" ip saddr ${source} icmp type echo-request accept`,
  );
  return [
    `table ${TABLE} {`,
    '\tchain input {',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t\tct state established,related accept',
    '\t\tiifname "lo" accept',
    ...pings,
    '\t}',
    '',
    '\tchain forward {',
    '\t\ttype filter hook forward priority filter; policy drop;',
    `\t\tiifname "${interfaceName}" oifname "${interfaceName}" accept`,
    '\t}',
    '}',
    '',
  ].join('\n');
}

/** One transaction that puts the table in the place of whatever was there under its name. */
export const renderReplacement = (table: string): string => `table ${TABLE}\ndelete table ${TABLE}\n${table}`;
