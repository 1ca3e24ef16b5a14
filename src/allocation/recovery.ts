import type { AddressBlocks } from './address-blocks.ts';
import {
  type AdoptOptions,
  adoptRouters,
  type PlacedRouter,
  type PlacedRouters,
  placedRouters,
} from './adopt-routers.ts';
import { isSameTunnel, type MayShareSubnet } from './adopt-tunnels.ts';
import { raised } from './document.ts';
import { placeOf } from './geometry.ts';
import type { HandedTunnel } from './handed-over.ts';
import { isLive, networkOf, type TunnelEntry } from './tunnel-entry.ts';
import type { TunnelRecords } from './tunnel-records.ts';

/** What a ledger that was older than the gateways took over from them. */
export interface Recovery {
  readonly tunnels: readonly TunnelEntry[];
  /** By index of their tunnel: `namespace/name` of Routers. */
  readonly routers: ReadonlyMap<number, readonly string[]>;
}

type RecordOf = ReturnType<HandedTunnel['record']>;

export interface RecoveryOptions extends Omit<AdoptOptions, 'isAll'> {
  mayShareSubnet: MayShareSubnet;
}

/** Nothing is read, let alone written, where nothing is older: a comparison for each object that is handed over. */
export async function recover(
  records: TunnelRecords,
  blocks: AddressBlocks,
  handed: readonly HandedTunnel[],
  { mayShareSubnet, ...options }: RecoveryOptions,
): Promise<Recovery> {
  const { adopted, displaced } = await recoverTunnels(records, blocks, handed, mayShareSubnet);
  const routers = new Map<number, readonly string[]>();
  const isNew = new Set(adopted.map(({ index }) => index));
  const isOther = new Set(displaced.map(({ index }) => index));
  for (const { index } of displaced) if (!isNew.has(index)) await empty(blocks, index, options);
  for (const tunnel of handed) {
    const { index } = tunnel;
    const later = tunnel.blocks.filter(
      ({ number, revision }) => isOther.has(index) || blocks.isOlderThan(index, number, revision),
    );
    const entry = records.all.get(index);
    if ((later.length === 0 && !isOther.has(index)) || entry === undefined || !isLive(entry)) continue;
    const record = tunnel.record();
    if (record === undefined || !isSameTunnel(record, entry)) continue;
    const placed = later.flatMap((block) =>
      block.routers().flatMap((router): PlacedRouter[] => {
        const place = placeOf(router.address, networkOf(entry));
        return place?.block === block.number ? [{ ...router, place }] : [];
      }),
    );
    const revisions = new Map(later.map(({ number, revision }) => [number, revision]));
    const whole = { ...options, isAll: isOther.has(index) };
    const taken = await adoptInto(blocks, index, { routers: placedRouters(placed), revisions }, whole);
    if (taken.length > 0) routers.set(index, taken);
  }
  return { tunnels: adopted, routers };
}

/** Whether there may be something to take over. */
export function isBehind(
  records: TunnelRecords,
  blocks: AddressBlocks,
  handed: readonly Omit<HandedTunnel, 'record'>[],
): boolean {
  return handed.some(({ index, revision, blocks: parts }) => {
    if (records.isOlderThan(revision)) return true;
    const entry = records.all.get(index);
    if (entry === undefined || !isLive(entry)) return false;
    return parts.some((block) => blocks.isOlderThan(index, block.number, block.revision));
  });
}

async function recoverTunnels(
  records: TunnelRecords,
  blocks: AddressBlocks,
  handed: readonly HandedTunnel[],
  mayShareSubnet: MayShareSubnet,
) {
  const isLater = ({ revision }: HandedTunnel): boolean => records.isOlderThan(revision);
  if (!handed.some(isLater)) return { adopted: [], displaced: [] };
  const all = handed.map((tunnel) => ({ record: tunnel.record(), isLater: isLater(tunnel) }));
  const later = all.filter((one) => one.isLater).flatMap(({ record }) => (hasKey(record) ? [record] : []));
  if (later.length === 0) return { adopted: [], displaced: [] };
  const inUse = blocks.tunnels().filter((index) => blocks.mayHaveLive(index));
  const revision = Math.max(...handed.filter(isLater).map((tunnel) => tunnel.revision ?? 0));
  return records.adopt(
    later,
    all.flatMap(({ record }) => record ?? []),
    inUse,
    revision,
    mayShareSubnet,
  );
}

const hasKey = (record: RecordOf): record is TunnelEntry => record?.privateKey !== undefined;

/** Of one tunnel: its routers in the blocks that are older, and at which revision these were handed over. */
interface Handed {
  routers: PlacedRouters;
  revisions: ReadonlyMap<number, number | undefined>;
}

/** Answers who was not in the blocks before, or not so. */
async function adoptInto(
  blocks: AddressBlocks,
  tunnel: number,
  { routers, revisions }: Handed,
  options: AdoptOptions,
): Promise<string[]> {
  const at = options.now.toISOString();
  const taken: string[] = [];
  const numbers = new Set([...routers.byBlock.keys(), ...blocks.of(tunnel).keys()]);
  for (const number of numbers) {
    const stored = blocks.get(tunnel, number);
    if (stored.unreadable !== undefined) continue;
    const before = stored.document.entries;
    const after = await stored.change((block) => {
      const adopted = adoptRouters(block, routers, options);
      const isThere = stored.version !== undefined || adopted !== block;
      const document = isThere ? raised(adopted, revisions.get(number)) : block;
      return { document, result: document.entries };
    });
    for (const entry of after.values()) {
      if (entry.recovered?.at === at && before.get(entry.offset) !== entry) taken.push(entry.owner);
    }
  }
  return taken;
}

/** Lets all routers of a tunnel go that is no more. */
const empty = (blocks: AddressBlocks, tunnel: number, options: Omit<AdoptOptions, 'isAll'>) =>
  adoptInto(
    blocks,
    tunnel,
    { routers: placedRouters([]), revisions: new Map() },
    { ...options, isAll: true },
  );
