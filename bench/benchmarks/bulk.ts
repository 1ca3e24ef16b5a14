import { type Applied, applyFleet } from '../fleet.ts';
import { type Fleet, floor, type Pattern, patternOf } from '../floor.ts';
import { numbered } from '../manifests.ts';
import { median } from '../percentile.ts';
import type { Metrics } from '../results.ts';
import { perOne, type RunningProcess, sum } from '../running-process.ts';
import type { Stage } from '../stage.ts';

export interface Bulk {
  rounds: number;
  tunnels: number;
  routersEach: number;
}

/** A first tenant with one full block, of index 0, tells what the floor has to write. */
export async function warmUp(stage: Stage, controller: RunningProcess): Promise<Pattern> {
  await stage.addNamespaces(['first']);
  await applyFleet(stage, controller, ['first'], numbered('router', 300));
  return patternOf(stage, 'first');
}

/** Floor and operator by turns, each time with new tenants. */
export async function bulk(
  stage: Stage,
  controller: RunningProcess,
  pattern: Pattern,
  { rounds, tunnels, routersEach }: Bulk,
  say: (line: string) => void,
): Promise<Metrics> {
  const total = tunnels * routersEach;
  const names = numbered('router', routersEach);
  const floors: number[] = [];
  const operators: Applied[] = [];
  for (let round = 1; round <= rounds; round++) {
    const label = `${total}-${tunnels}-${round}`;
    const namespaces = tunnels === 1 ? [`fleet-${label}`] : numbered(`fleet-${label}`, tunnels);
    const [before, after] = halves(`floor-${label}`, tunnels, names);
    for (const named of [namespaces, before.namespaces, after.namespaces]) await stage.addNamespaces(named);
    // All that is made stays, and makes each write dearer: half of the floor is before the operator and half behind it.
    const first = await floor(stage.bare, before, pattern);
    operators.push(await applyFleet(stage, controller, namespaces, names));
    floors.push((first + (await floor(stage.bare, after, pattern))) / total);
    say(
      `${total} routers, round ${round}: floor ${floors.at(-1)?.toFixed(2)}, operator ${operators.at(-1)?.msPerRouter.toFixed(2)} ms a router`,
    );
  }
  const ratios = operators.map(({ msPerRouter }, index) => msPerRouter / (floors[index] ?? Number.NaN));
  const last = operators.at(-1)?.writes ?? {};
  const { peakMiB } = controller.consumption();
  return {
    routers: total,
    tunnels,
    floorMsPerRouter: floors,
    operatorMsPerRouter: operators.map(({ msPerRouter }) => msPerRouter),
    ratios,
    ratio: median(ratios),
    medianOperatorMsPerRouter: median(operators.map(({ msPerRouter }) => msPerRouter)),
    medianFloorMsPerRouter: median(floors),
    controllerCpuMsPerRouter: median(
      operators.map(({ controllerCpuMsPerRouter }) => controllerCpuMsPerRouter),
    ),
    writesPerRouter: sum(last) / total,
    writesPerRouterByKind: perOne(last, total),
    controllerPeakMiB: peakMiB,
    databaseMiB: await stage.databaseMiB(),
  };
}

/** A fleet in two parts: half of its tunnels each, or half of the routers of its only one. */
function halves(label: string, tunnels: number, names: readonly string[]): [Fleet, Fleet] {
  const half = <T>(of: readonly T[]): [T[], T[]] => {
    const middle = Math.ceil(of.length / 2);
    return [of.slice(0, middle), of.slice(middle)];
  };
  const [namespaces, others] = half(numbered(label, Math.max(2, tunnels)));
  const [some, rest] = tunnels === 1 ? half(names) : [names, names];
  return [
    { namespaces, names: some },
    { namespaces: others, names: rest },
  ];
}

/** What the ledger and the handover hold for each router, in bytes as etcd stores them. */
export async function bytesKept(stage: Stage, routers: number): Promise<Metrics> {
  const sizes = { ledger: 0, handover: 0, largest: 0 };
  for (const kind of ['secrets', 'configmaps'] as const) {
    for (const { metadata, data = {} } of await stage.kept(kind)) {
      const text = Object.entries(data).reduce((total, [key, value]) => {
        const bytes = kind === 'secrets' ? Buffer.from(value, 'base64').length : Buffer.byteLength(value);
        return total + key.length + bytes;
      }, 0);
      if (metadata.name.startsWith('ledger-')) sizes.ledger += text;
      else if (metadata.name.startsWith('tunnel-')) sizes.handover += text;
      else continue;
      sizes.largest = Math.max(sizes.largest, text);
    }
  }
  return {
    ledgerBytesPerRouter: sizes.ledger / routers,
    handoverBytesPerRouter: sizes.handover / routers,
    largestObjectBytes: sizes.largest,
  };
}
