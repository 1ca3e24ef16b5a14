/** The table of the node's own network that decides whether its tunnels may speak. */
export const HOLD_TABLE = 'inet tenant_tunnel_hold';

export interface HoldState {
  /** Milliseconds after which all of {@link ports} fall silent unless this is said again; null: never. */
  silentAfterMs: number | null;
  /** UDP ports of the node's tunnels. */
  ports: readonly number[];
  /** Those of them that are silent whatever the time. */
  fenced: readonly number[];
}

const elements = (ports: readonly number[]): string =>
  ports.length === 0 ? '' : `\t\telements = { ${[...ports].sort((a, b) => a - b).join(', ')} }\n`;

const word = (ms: number): string => `add element ${HOLD_TABLE} word { udp timeout ${Math.round(ms)}ms }\n`;

/**
 * One transaction that puts the table in the place of whatever was there. The word is an element with a time-out: the
 * kernel lets it fall, whoever is dead or stuck by then, and with it all packets of the ports, in and out. Sessions stay:
 * once the word is given again, they go on where they were.
 *
 * The sets are `typeof` and not `type`: of the latter nft 1.1.3, which the image has, writes a note that nft 1.0.6 falls
 * over, whatever it is asked to list; and that is the one of Debian 12, of people and of kube-proxy on the node.
 */
export function renderHold({ silentAfterMs, ports, fenced }: HoldState): string {
  const rules = (direction: 'dport' | 'sport'): string =>
    [
      ...(silentAfterMs === null ? [] : [`\t\tudp ${direction} @ports meta l4proto != @word drop\n`]),
      `\t\tudp ${direction} @fenced drop\n`,
    ].join('');
  return `table ${HOLD_TABLE}
delete table ${HOLD_TABLE}
table ${HOLD_TABLE} {
\tset ports {
\t\ttypeof udp dport
${elements(ports)}\t}
\tset fenced {
\t\ttypeof udp dport
${elements(fenced)}\t}
\tset word {
\t\ttypeof meta l4proto
\t\tflags timeout
\t}
\tchain input {
\t\ttype filter hook input priority raw; policy accept;
${rules('dport')}\t}
\tchain output {
\t\ttype filter hook output priority raw; policy accept;
${rules('sport')}\t}
}
${silentAfterMs === null || silentAfterMs <= 0 ? '' : word(silentAfterMs)}`;
}

/** The word alone, of a table that is there. */
export const renderWord = (ms: number): string => `flush set ${HOLD_TABLE} word\n${ms <= 0 ? '' : word(ms)}`;

/** What takes the table away, whether it is there or not. */
export const renderRelease = `table ${HOLD_TABLE}\ndelete table ${HOLD_TABLE}\n`;

/** The ports of a table, as `nft list set` prints it. */
export const portsIn = (listed: string): number[] =>
  (/elements = \{([^}]*)\}/.exec(listed)?.[1] ?? '')
    .split(',')
    .map(Number)
    .filter((port) => port > 0);
