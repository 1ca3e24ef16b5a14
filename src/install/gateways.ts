import { ANNOTATION_CLOCK, ANNOTATION_PROBLEM, ANNOTATION_TUNNELS } from '../api/index.ts';
import { type KubeApi, type Lease, leases } from '../kube/index.ts';

/** What a gateway says of itself in its Lease. */
export interface GatewayState {
  node: string;
  /** resourceVersion of its Lease: another one means that it has been heard of since. */
  version: string;
  /** Seconds since it was last heard of, by this machine's clock. */
  silentSeconds: number;
  /** Whether it should have been heard of since. */
  isStale: boolean;
  /** Tunnels that its node carries; undefined when it does not say. */
  tunnels: number | undefined;
  /** Why it cannot carry any, in one sentence. */
  problem: string | undefined;
  /** How its clock is wrong, in one sentence. */
  clock: string | undefined;
}

const PREFIX = 'gateway-';
/** A Lease beside other gateways is short, and clocks differ: so long none that lives is taken for silent, seconds. */
const PATIENCE_SECONDS = 40;
const PAGE = 500;

/** All that have ever been heard of in the gateways' namespace. */
export async function readGateways(
  client: Pick<KubeApi, 'list'>,
  namespace: string,
  nowMs: number,
  signal?: AbortSignal,
): Promise<GatewayState[]> {
  const found: GatewayState[] = [];
  let page: string | undefined;
  do {
    const reply = await client.list(leases, { namespace, limit: PAGE, continue: page, signal });
    found.push(
      ...reply.items
        .filter(({ metadata }) => metadata.name.startsWith(PREFIX))
        .map((lease) => stateOf(lease, nowMs)),
    );
    page = reply.continue;
  } while (page !== undefined);
  return found.sort((a, b) => (a.node < b.node ? -1 : 1));
}

function stateOf({ metadata, spec }: Lease, nowMs: number): GatewayState {
  const tunnels = Number.parseInt(metadata.annotations?.[ANNOTATION_TUNNELS] ?? '', 10);
  return {
    node: metadata.name.slice(PREFIX.length),
    version: metadata.resourceVersion ?? '',
    ...ageOf(spec, nowMs, PATIENCE_SECONDS),
    tunnels: Number.isNaN(tunnels) ? undefined : tunnels,
    problem: metadata.annotations?.[ANNOTATION_PROBLEM],
    clock: metadata.annotations?.[ANNOTATION_CLOCK],
  };
}

/** How old a Lease is, by this machine's clock; stale where that is more than it holds, and more than `patience` seconds. */
export function ageOf(
  spec: Lease['spec'],
  nowMs: number,
  patience = 0,
): Pick<GatewayState, 'silentSeconds' | 'isStale'> {
  const silentSeconds = (nowMs - Date.parse(spec?.renewTime ?? '')) / 1_000;
  const holds = Math.max(spec?.leaseDurationSeconds ?? 0, patience);
  // NaN, of a Lease that nobody ever renewed, is no freshness either.
  return { silentSeconds, isStale: !(silentSeconds <= holds) };
}

/** `90 s`, `3 h`, or words for what was never heard of. */
export function forHowLong(seconds: number): string {
  if (Number.isNaN(seconds)) return 'ever';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
