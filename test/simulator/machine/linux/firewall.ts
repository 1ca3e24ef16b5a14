import type { Row } from '../../engine/index.ts';
import { isOn, type LinuxName, type ReadRows } from './interfaces.ts';
import { addressOf, conditionsOf, type MatchContext, UntranslatableRule } from './matchers.ts';

const FILTER = '/ip/firewall/filter';
const FILTER_6 = '/ipv6/firewall/filter';
const NAT = '/ip/firewall/nat';
const RAW = '/ip/firewall/raw';
const MANGLE = '/ip/firewall/mangle';

const FILTER_HOOKS = ['input', 'forward', 'output'];
const NAT_HOOKS: Readonly<Record<string, string>> = {
  srcnat: 'type nat hook postrouting priority srcnat',
  dstnat: 'type nat hook prerouting priority dstnat',
};

const REJECT_WITH: Readonly<Record<string, string>> = {
  'icmp-network-unreachable': 'icmp type net-unreachable',
  'icmp-net-unreachable': 'icmp type net-unreachable',
  'icmp-host-unreachable': 'icmp type host-unreachable',
  'icmp-port-unreachable': 'icmp type port-unreachable',
  'icmp-protocol-unreachable': 'icmp type prot-unreachable',
  'icmp-admin-prohibited': 'icmp type admin-prohibited',
  'icmp-host-prohibited': 'icmp type host-prohibited',
  'icmp-network-prohibited': 'icmp type net-prohibited',
  'tcp-reset': 'tcp reset',
};

const REJECT_WITH_6: Readonly<Record<string, string>> = {
  'icmp-no-route': 'icmpv6 type no-route',
  'icmp-admin-prohibited': 'icmpv6 type admin-prohibited',
  'icmp-address-unreachable': 'icmpv6 type addr-unreachable',
  'icmp-port-unreachable': 'icmpv6 type port-unreachable',
  'tcp-reset': 'tcp reset',
};

/**
 * The IPv6 filter of a router that has an address of that family, as a table of its own; nothing for any other.
 * @throws {UntranslatableRule}
 */
export function firewall6Of(rows: ReadRows, linuxName: LinuxName): string {
  if (!rows('/ipv6/address').some(isOn)) return '';
  const addressSet = (): string => {
    throw new Error('a list of addresses of IPv6 is not modelled');
  };
  const context: MatchContext = { rows, linuxName, family: 'ip6', addressSet };
  const chains = chainsOf(FILTER_6, rows(FILTER_6), FILTER_HOOKS, context);
  const hookOf = (chain: string): string | undefined =>
    FILTER_HOOKS.includes(chain) ? `type filter hook ${chain} priority filter` : undefined;
  const table = [
    'table ip6 routeros {}',
    'delete table ip6 routeros',
    'table ip6 routeros {',
    ...textOf(chains, hookOf),
    '}',
  ];
  return `${table.join('\n')}\n`;
}

/**
 * The router's IPv4 firewall (filter: input, forward, output and chains of its own; nat: srcnat, dstnat) as one nft
 * table, in the rows' order. Replaces the table that was there.
 * @throws {UntranslatableRule} for an enabled rule that it cannot express; RAW and mangle rules are all such.
 */
export function firewallOf(rows: ReadRows, linuxName: LinuxName): string {
  const sets = new Map<string, { name: string; elements: readonly string[] }>();
  const context: MatchContext = {
    rows,
    linuxName,
    addressSet(list, elements) {
      const name = sets.get(list)?.name ?? `list_${sets.size}`;
      sets.set(list, { name, elements });
      return name;
    },
  };
  for (const menu of [RAW, MANGLE]) refuseAll(menu, rows(menu));
  const filter = chainsOf(FILTER, rows(FILTER), FILTER_HOOKS, context);
  const nat = chainsOf(NAT, rows(NAT), Object.keys(NAT_HOOKS), context);
  const lines = ['table ip routeros {}', 'delete table ip routeros', 'table ip routeros {'];
  for (const { name, elements } of sets.values()) {
    lines.push(
      `  set ${name} { type ipv4_addr; flags interval; auto-merge; elements = { ${elements.join(', ')} }; }`,
    );
  }
  const hookOf = (chain: string) =>
    FILTER_HOOKS.includes(chain) ? `type filter hook ${chain} priority filter` : NAT_HOOKS[chain];
  lines.push(...textOf([...filter, ...nat], hookOf), '}', '');
  return lines.join('\n');
}

function textOf(chains: readonly Chain[], hookOf: (chain: string) => string | undefined): string[] {
  const lines: string[] = [];
  // Chains that rules jump to are declared before any rule; those of the kernel's hooks only once, with the hook.
  for (const { chain, name } of chains) if (chain !== name) lines.push(`  chain ${name} {}`);
  for (const { chain, name, rules } of chains) {
    lines.push(`  chain ${name} {`);
    const hook = chain === name ? hookOf(chain) : undefined;
    if (hook !== undefined) lines.push(`    ${hook}; policy accept;`);
    lines.push(...rules.map((rule) => `    ${rule}`), '  }');
  }
  return lines;
}

interface Chain {
  /** RouterOS's name. */
  chain: string;
  /** nft's name: the same for chains that hook into the kernel. */
  name: string;
  rules: string[];
}

function chainsOf(
  menu: string,
  rows: readonly Row[],
  hooks: readonly string[],
  context: MatchContext,
): Chain[] {
  const prefix = menu === NAT ? 'nat' : 'filter';
  const chains = new Map<string, Chain>();
  const chainOf = (chain: string): Chain => {
    const existing = chains.get(chain);
    if (existing !== undefined) return existing;
    const made = { chain, name: hooks.includes(chain) ? chain : `${prefix}_${chains.size}`, rules: [] };
    chains.set(chain, made);
    return made;
  };
  for (const hook of hooks) chainOf(hook);
  for (const row of rows) {
    if (!isOn(row)) continue;
    const chain = chainOf(row.chain ?? '');
    const verdict = menu === NAT ? natVerdict(row, chainOf) : filterVerdict(menu, row, chainOf);
    const conditions = conditionsOf(menu, row, context);
    if (conditions === 'never' || verdict === undefined) continue;
    chain.rules.push([...conditions, 'counter', verdict].join(' '));
  }
  return [...chains.values()];
}

/** nft's verdict; nothing for actions after which a packet goes on as if nothing had been. */
function filterVerdict(menu: string, row: Row, chainOf: (chain: string) => Chain): string | undefined {
  const action = row.action ?? 'accept';
  switch (action) {
    case 'accept':
    case 'drop':
    case 'return':
      return action;
    // Not faster here, and accepted all the same: the default firewall accepts these connections in its next rule.
    case 'fasttrack-connection':
      return 'accept';
    case 'passthrough':
    case 'log':
      return undefined;
    case 'reject': {
      const asked = row['reject-with'];
      const how =
        menu === FILTER
          ? REJECT_WITH[asked || 'icmp-network-unreachable']
          : REJECT_WITH_6[asked || 'icmp-no-route'];
      if (how === undefined)
        throw new UntranslatableRule(menu, row, `reject-with=${row['reject-with']} is not modelled`);
      return `reject with ${how}`;
    }
    case 'jump':
      return `jump ${chainOf(row['jump-target'] ?? '').name}`;
    default:
      throw new UntranslatableRule(menu, row, `action=${action} is not modelled`);
  }
}

function natVerdict(row: Row, chainOf: (chain: string) => Chain): string | undefined {
  const action = row.action ?? 'accept';
  const port = /^\d{1,5}$/.test(row['to-ports'] ?? '') ? `:${row['to-ports']}` : '';
  const to = () => `${addressOf(row['to-addresses'] ?? '')}${port}`;
  if ((row['to-ports'] ?? '') !== '' && port === '') {
    throw new UntranslatableRule(NAT, row, `to-ports=${row['to-ports']} is not modelled`);
  }
  try {
    switch (action) {
      case 'accept':
      case 'return':
      case 'masquerade':
        return action;
      case 'src-nat':
        return `snat to ${to()}`;
      case 'dst-nat':
        return `dnat to ${to()}`;
      case 'redirect':
        return port === '' ? 'redirect' : `redirect to ${port}`;
      case 'passthrough':
      case 'log':
        return undefined;
      case 'jump':
        return `jump ${chainOf(row['jump-target'] ?? '').name}`;
      default:
        throw new Error(`action=${action} is not modelled`);
    }
  } catch (error) {
    throw new UntranslatableRule(NAT, row, (error as Error).message);
  }
}

function refuseAll(menu: string, rows: readonly Row[]): void {
  const row = rows.find((candidate) => isOn(candidate) && candidate.dynamic !== 'true');
  if (row !== undefined) throw new UntranslatableRule(menu, row, 'this menu is not modelled');
}
