/** Writes docs/benchmarks.md and its picture from bench/results: `node bench/report.ts [--check]`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WrittenFiles, writeOrCheck } from '../src/api/written-files.ts';
import { barChart } from './plot.ts';
import { type Metrics, RESULTS, type Result } from './results.ts';

const BULKS = ['bulk-1000', 'bulk-10000', 'bulk-65000', 'bulk-1000x65'];

export function results(): Map<string, Result> {
  const files = existsSync(RESULTS) ? readdirSync(RESULTS).filter((name) => name.endsWith('.json')) : [];
  return new Map(
    files.map((name) => {
      const result = JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as Result;
      return [result.name, result];
    }),
  );
}

const number = (metrics: Metrics | undefined, name: string): number => Number(metrics?.[name]);
const group = (metrics: Metrics | undefined, name: string): Metrics => (metrics?.[name] ?? {}) as Metrics;
const shown = (value: number, digits = 3): string =>
  Number.isNaN(value)
    ? '–'
    : Number.isInteger(value) || value >= 1000
      ? Math.round(value).toLocaleString('en')
      : String(Number(value.toPrecision(digits)));

function bulkTable(all: ReadonlyMap<string, Result>): string[] {
  const rows = BULKS.flatMap((name) => {
    const metrics = all.get(name)?.metrics;
    if (metrics === undefined) return [];
    const cells = [
      shown(number(metrics, 'routers')),
      shown(number(metrics, 'tunnels')),
      String((metrics.ratios as number[]).length),
      shown(number(metrics, 'medianFloorMsPerRouter')),
      shown(number(metrics, 'medianOperatorMsPerRouter')),
      `**${shown(number(metrics, 'ratio'))}**`,
      shown(number(metrics, 'controllerCpuMsPerRouter')),
      shown(number(metrics, 'writesPerRouter')),
      shown(number(metrics, 'controllerPeakMiB')),
      shown(number(metrics, 'databaseMiB')),
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return [
    '| routers | tunnels | rounds | floor, ms each | operator, ms each | ratio | controller CPU, ms each | writes each | controller at most, MiB | etcd file, MiB |',
    '| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows,
  ];
}

function otherTable(all: ReadonlyMap<string, Result>): string[] {
  const of = (name: string): Metrics | undefined => all.get(name)?.metrics;
  const [latency, restart, rest, churn, remove] = ['latency', 'restart', 'rest', 'churn', 'delete'].map(of);
  const large = of('bulk-65000');
  const wide = of('bulk-1000x65');
  const [controller, agent] = [group(rest, 'controller'), group(rest, 'agent')];
  const floor = group(latency, 'floor');
  const operator = group(latency, 'operator');
  const rows: [string, string, string][] = [
    [
      '`latency`',
      'one Router into a fleet of 10,000 → its script, 200 times',
      `p50 ${shown(number(operator, 'p50Ms'))} ms, ${shown(number(latency, 'p50Ratio'))} × the floor's ${shown(number(floor, 'p50Ms'))}; p99 ${shown(number(operator, 'p99Ms'))} ms, ${shown(number(latency, 'p99Ratio'))} × ${shown(number(floor, 'p99Ms'))}`,
    ],
    [
      '`rest`',
      `${shown(number(rest, 'routers'))} routers online, a handshake of each in two minutes, ${shown(number(rest, 'seconds') / 60, 2)} min`,
      `${shown(number(controller, 'writesPerSecond') + number(agent, 'writesPerSecond'))} writes/s; controller ${shown(number(controller, 'residentMiB'))} MiB and ${shown(100 * number(controller, 'cpuShare'), 2)} % of a core, agent ${shown(number(agent, 'residentMiB'))} MiB and ${shown(100 * number(agent, 'cpuShare'), 2)} %`,
    ],
    [
      '`restart`',
      `the controller anew over ${shown(number(restart, 'routers'))} routers`,
      `${shown(number(restart, 'writes'))} writes; ready in ${shown(number(restart, 'readySeconds'))} s, all looked at after ${shown(number(restart, 'workedOffSeconds'))} s; ${shown(number(restart, 'residentMiB'))} MiB then, ${shown(number(restart, 'peakMiB'))} at most`,
    ],
    [
      '`churn`',
      `20 routers a second made and deleted, ${shown(number(churn, 'seconds') / 60, 2)} min`,
      `script after p50 ${shown(number(churn, 'scriptP50Ms'))} ms, p99 ${shown(number(churn, 'scriptP99Ms'))} ms; ${shown(number(churn, 'writesPerRouter'))} writes for a life; ${shown(100 * number(churn, 'cpuShare'), 2)} % of a core; ${shown(number(churn, 'peersLeft'))} peers left over`,
    ],
    ...(['tenantOf65', 'tenantOf10000'] as const).map((which): [string, string, string] => {
      const one = group(remove, which);
      return [
        '`delete`',
        `a tenant with ${shown(number(one, 'routers'))} routers → no peer, no secret of it handed over`,
        `${shown(number(one, 'peersGoneMs') / 1000)} s (its objects gone after ${shown(number(one, 'objectsGoneMs') / 1000)} s; without an operator ${shown(number(one, 'floorDeleteMs') / 1000)} s)`,
      ];
    }),
    [
      'size',
      'what is kept beside the Routers, bytes a router',
      `ledger ${shown(number(large, 'ledgerBytesPerRouter'))}, handed over ${shown(number(large, 'handoverBytesPerRouter'))}; over 1,000 tunnels ${shown(number(wide, 'ledgerBytesPerRouter'))} and ${shown(number(wide, 'handoverBytesPerRouter'))}; largest object ${shown(number(large, 'largestObjectBytes') / 1024)} KiB, over 1,000 tunnels ${shown(number(wide, 'largestObjectBytes') / 1024)} KiB`,
    ],
  ];
  return [
    '| benchmark | what | result |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}

/** The gateway's side, with real sidecars and wireguard-go; no lines before it was measured. */
function gatewayTable(all: ReadonlyMap<string, Result>): string[] {
  const crowd = all.get('gateway-crowd')?.metrics;
  const tunnels = all.get('gateway-tunnels')?.metrics;
  const throughput = all.get('throughput')?.metrics;
  const configure = all.get('configure')?.metrics;
  const profiles = all.get('profiles')?.metrics;
  const rows = [
    ...(crowd === undefined ? [] : crowdRows(crowd)),
    ...(tunnels === undefined ? [] : tunnelRows(tunnels)),
    ...(throughput === undefined ? [] : throughputRows(throughput)),
    ...(configure === undefined ? [] : configureRows(configure)),
    ...(profiles === undefined ? [] : profileRows(profiles)),
  ];
  if (rows.length === 0) return [];
  const head = ['', '| gateway | what | result |', '| --- | --- | --- |'];
  return [...head, ...rows.map((row) => `| ${row.join(' | ')} |`)];
}

const percent = (metrics: Metrics, name: string): string => `${shown(100 * number(metrics, name), 2)} %`;

function crowdRows(crowd: Metrics): [string, string, string][] {
  const peers = shown(number(crowd, 'peers'));
  const [floor, sync, more, connected, rest] = ['floor', 'fullSync', 'oneMore', 'connected', 'rest'].map(
    (name) => group(crowd, name),
  ) as [Metrics, Metrics, Metrics, Metrics, Metrics];
  const [agent, sidecar, wireguard] = ['agent', 'sidecar', 'wireguardGo'].map((name) =>
    group(rest, name),
  ) as [Metrics, Metrics, Metrics];
  return [
    [
      '`gateway-crowd`',
      `one more peer among ${peers}: ConfigMap → interface, ${shown(number(more, 'times'))} times`,
      `p50 ${shown(number(more, 'p50Ms'))} ms, p99 ${shown(number(more, 'p99Ms'))} ms; bare \`wg set\` ${shown(number(floor, 'setP50Ms'))} ms`,
    ],
    [
      '`gateway-crowd`',
      `a tunnel of ${peers} peers set up by the sidecar`,
      `${shown(number(sync, 'putMs') / 1000)} s, ${shown(number(sync, 'ratio'))} × bare \`wg setconf\`; from the last ConfigMap ${shown(number(sync, 'handoverToInterfaceMs') / 1000)} s`,
    ],
    [
      '`gateway-crowd`',
      `${shown(number(connected, 'routers'))} routers connect among ${peers} peers, from the first packet of the handshake`,
      `VPNConnected p50 ${shown(number(connected, 'handshakeToConnectedP50Ms'))} ms, p99 ${shown(number(connected, 'handshakeToConnectedP99Ms'))} ms; Online p50 ${shown(number(connected, 'handshakeToOnlineP50Ms'))} ms, p99 ${shown(number(connected, 'handshakeToOnlineP99Ms'))} ms`,
    ],
    [
      '`gateway-crowd`',
      `${peers} peers at rest, ${shown(number(rest, 'seconds'))} s`,
      `of a core: agent ${percent(agent, 'cpuShare')}, sidecar ${percent(sidecar, 'cpuShare')}, wireguard-go ${percent(wireguard, 'cpuShare')}; ${shown(number(agent, 'residentMiB'))}, ${shown(number(sidecar, 'residentMiB'))} and ${shown(number(wireguard, 'residentMiB'))} MiB`,
    ],
  ];
}

function throughputRows(throughput: Metrics): [string, string, string][] {
  const way = (name: string): string => {
    const one = group(throughput, name);
    return `${shown(number(one, 'ratio'))} × (${shown(number(one, 'medianTunnelMbitPerSecond'))} of ${shown(number(one, 'medianBareMbitPerSecond'))} Mbit/s)`;
  };
  return [
    [
      '`throughput`',
      'one TCP stream through a tunnel, beside bare wireguard-go between the same machines; processors are shared among processes, not sessions',
      `to a router ${way('toRouter')}, from it ${way('fromRouter')}, router to router ${way('routerToRouter')}`,
    ],
  ];
}

function configureRows(configure: Metrics): [string, string, string][] {
  const routers = `${shown(number(configure, 'routers'))} routers, ${number(configure, 'atOnce')} at a time`;
  const rate = (name: string): string => {
    const one = group(configure, name);
    return `${shown(number(one, 'routersPerSecond'))} a second, p99 ${shown(number(one, 'p99Ms'))} ms, ${shown(number(one, 'mostRssMiB'))} MiB`;
  };
  return [
    ['`configure`', `${routers}: facts and identity`, rate('factsAndIdentity')],
    ['`configure`', `${routers}: the same and a profile of five rows`, rate('fiveRows')],
    ['`configure`', `${routers}: the same and five firewall rules, under an undo`, rate('fiveRules')],
  ];
}

function profileRows(profiles: Metrics): [string, string, string][] {
  const routers = `a whole agent, ${shown(number(profiles, 'routers'))} routers in two tunnels`;
  const memory = `${shown(number(profiles, 'agentResidentMiB'))} MiB, at most ${shown(number(profiles, 'agentPeakMiB'))}`;
  return [
    [
      '`profiles`',
      `${routers} set up after their first handshake`,
      `${shown(number(profiles, 'setUpPerSecond'))} a second`,
    ],
    [
      '`profiles`',
      `the same, a profile of five rows applied, ${number(profiles, 'atOnce')} at a time`,
      `${shown(number(profiles, 'profiledPerSecond'))} a second, ${shown(number(profiles, 'agentCpuMsPerRouter'))} ms of processor each; agent ${memory}`,
    ],
  ];
}

function tunnelRows(tunnels: Metrics): [string, string, string][] {
  const rest = group(tunnels, 'rest');
  const what = `${shown(number(tunnels, 'tunnels'))} tunnels of ${shown(number(tunnels, 'peersEach'))} peers`;
  return [
    ['`gateway-tunnels`', `${what} made`, `${shown(number(tunnels, 'startMs') / 1000)} s`],
    [
      '`gateway-tunnels`',
      `${what} at rest, each read every 10 s`,
      `of a core: sidecar ${percent(rest, 'sidecarCpuShare')}, all wireguard-go ${percent(rest, 'wireguardGoCpuShare')}; sidecar ${shown(number(rest, 'sidecarMiB'))} MiB, wireguard-go ${shown(number(rest, 'wireguardGoMiBEach'))} MiB each`,
    ],
    ...(['afterTerm', 'afterKill'] as const).map((which): [string, string, string] => {
      const gap = group(tunnels, which);
      return [
        '`gateway-tunnels`',
        `${what}: another sidecar takes over after ${which === 'afterTerm' ? 'SIGTERM' : 'SIGKILL'}; one tunnel is deaf for`,
        `p50 ${shown(number(gap, 'outageP50Ms') / 1000)} s, p99 ${shown(number(gap, 'outageP99Ms') / 1000)} s, at most ${shown(number(gap, 'outageMostMs') / 1000)} s`,
      ];
    }),
  ];
}

function linearity(all: ReadonlyMap<string, Result>): string {
  const [one, many] = ['bulk-1000', 'bulk-65000'].map((name) => all.get(name)?.metrics);
  const times = (name: string): string => shown(number(many, name) / number(one, name));
  return `A router among 65,000 costs ${times('medianOperatorMsPerRouter')} × one among 1,000; of the floor, which the API server's own growth slows in the same way, it is ${times('medianFloorMsPerRouter')} ×.`;
}

function machineLine(all: ReadonlyMap<string, Result>): string {
  const lines = [...all.values()].map(({ machine, date }) => {
    const { processors, processor, memoryGiB, kernel, node, kubernetes } = machine;
    return `${date.slice(0, 10)}: ${processors} × ${processor}, ${memoryGiB} GiB, Linux ${kernel}, Node.js ${node}, Kubernetes ${kubernetes}`;
  });
  return [...new Set(lines)].join('; ');
}

function chart(all: ReadonlyMap<string, Result>): string {
  const groups = BULKS.flatMap((name) => {
    const metrics = all.get(name)?.metrics;
    if (metrics === undefined) return [];
    const tunnels = number(metrics, 'tunnels');
    const label = `${shown(number(metrics, 'routers'))} routers, ${shown(tunnels)} tunnel${tunnels === 1 ? '' : 's'}`;
    return [
      {
        label,
        values: ['medianFloorMsPerRouter', 'medianOperatorMsPerRouter'].map((one) => number(metrics, one)),
      },
    ];
  });
  return barChart({
    title: 'N Routers applied at once, until every script is in its status',
    unit: 'ms a router; the floor is bare requests and no operator',
    series: ['floor', 'operator'],
    groups,
  });
}

function page(all: ReadonlyMap<string, Result>): string {
  return `# Benchmarks

<!-- Written from bench/results by "node bench/report.ts"; change that instead. -->

What the operator costs, beside what the same machine needs at the least: the *floor* creates the same objects and writes
the same bytes with bare requests, decides nothing and watches nothing. Floor and operator take turns on one API server, so
that the ratio tells of the operator and not of the machine; all that is made stays and makes the next write dearer, so half
of a floor is before the operator and half behind it. \`make bench\` measures all of it again, about an hour;
\`make bench B=small\` one of the suites (\`small\`, \`large\`, \`wide\`, \`churn\`, \`gateway\`, \`throughput\`, \`configure\`, \`profiles\`).
Controller and agent run as in their image: compiled, with its flags of Node.js and its settings of memory.

![Milliseconds a router, floor and operator, for four sizes of fleet](benchmarks.svg)

${bulkTable(all).join('\n')}

N Routers are applied at once, 32 requests under way, until every script is in its status. The floor writes each Router, each
status of as many bytes (server-side apply, as the operator does), and for each block of 254 routers the record, the peers
and the log-ins once. ${linearity(all)} Over 1,000 tunnels that come mixed fewer
routers share a write: those of one tunnel that are called together, 16 at most, and fewer until many wait.

${[...otherTable(all), ...gatewayTable(all)].join('\n')}

${machineLine(all)}; etcd 3.6 without fsync, everything on this one machine: the processors are shared by etcd, the API server,
the operator and whoever applies. In \`rest\` the sidecar is pretended and auto-configuration is off; in \`gateway-crowd\` all is real but the crowd, which has no Router objects and makes no handshakes; in \`configure\` a process of its own has simulated routers (\`bench/simulated-routers.ts\`) on Unix sockets, without any delay. The controller runs
without leader election, which costs a write every 2 s and nothing else.
`;
}

export function reportFiles(): WrittenFiles {
  const all = results();
  return {
    files: new Map([
      ['docs/benchmarks.md', page(all)],
      ['docs/benchmarks.svg', chart(all)],
    ]),
    directories: [],
  };
}

if (import.meta.main) writeOrCheck(join(import.meta.dirname, '..'), reportFiles());
