import type { TunnelEntry } from '../allocation/index.ts';
import {
  ANNOTATION_CLASS,
  LABEL_GATEWAY,
  LABEL_PART,
  type TenantTunnel,
  type TunnelClass,
  tunnelObjectName,
} from '../api/index.ts';
import type { ConfigMap } from '../kube/index.ts';
import type { Refusal } from './find-tunnel.ts';
import { chooseNode, type Gateway, isSelected } from './placement.ts';
import type { World } from './world.ts';

type HandedOver = Pick<World, 'caches' | 'gatewayNamespace'>;

/** A tunnel's own ConfigMap, as it was handed over. */
export const handedOverTunnel = ({ caches, gatewayNamespace }: HandedOver, index: number) =>
  caches.configMaps.get(`${gatewayNamespace}/${tunnelObjectName(index)}`);

/** Where a handed-over object lies: the node's label says so. */
export const nodeOf = (object: ConfigMap | undefined): string | undefined =>
  object?.metadata.labels?.[LABEL_GATEWAY];

/** Where the handed-over tunnel lies; nowhere, once that node is none of this cluster. */
export function currentNode(world: HandedOver & Pick<World, 'pulses'>, index: number): string | undefined {
  const node = nodeOf(handedOverTunnel(world, index));
  return node !== undefined && isThere(world, node) ? node : undefined;
}

/**
 * Whether a node may still carry what it was given. What was restored into another cluster names nodes of the first;
 * nobody there has to be fenced. One whose agent still speaks may be about to come back.
 */
const isThere = ({ caches, pulses }: Pick<World, 'caches' | 'pulses'>, node: string): boolean =>
  caches.nodes.get(node) !== undefined || pulses.isAlive(node);

/** Why tunnels of a class do not stay on a node. */
export interface Departure {
  /** Of the node, to go on with after its name. */
  why: string;
  /** The node is silent; else it is for the agent there to say how they are meanwhile. */
  isSilent: boolean;
}

/** Why a tunnel should leave the node it lies on; undefined while it stays, which it does where it can. */
export function departureFrom(
  { caches, pulses }: Pick<World, 'caches' | 'pulses'>,
  node: string,
  tunnelClass: TunnelClass,
): Departure | undefined {
  if (pulses.isSilent(node) && pulses.fencesItself(node))
    return { why: 'does not answer any more', isSilent: true };
  const problem = pulses.problemOf(node);
  // The sentence names what is lacking there.
  if (problem !== undefined) return { why: `can carry no tunnel: ${problem}`, isSilent: false };
  const known = caches.nodes.get(node);
  if (known === undefined) return undefined;
  if (known.spec?.unschedulable === true) return { why: 'is cordoned', isSilent: false };
  if (!isSelected(tunnelClass, known.metadata.labels ?? {}))
    return { why: `is not selected by TunnelClass ${tunnelClass.metadata.name} any more`, isSilent: false };
  return undefined;
}

export type Placement =
  | {
      /** Where the tunnel lies, or is about to. */
      node: string;
      /** It should lie elsewhere, and can. */
      move?: { to: string; why: string; isSilent: boolean };
      /** Whether the node lives is yet to be seen: what was said of it stays. */
      isUnsure?: true;
      /** It should lie elsewhere, and cannot. */
      trouble?: Refusal;
    }
  | { refused: Refusal };

/**
 * The node that carries a tunnel. Once placed it stays, unless it must leave and another node can take it. A choice is
 * remembered until its ConfigMap shows, so that whoever asks meanwhile gets the same, and tunnels that come together
 * are spread.
 */
export function placeTunnel(
  world: World,
  { index }: TunnelEntry,
  tunnel: TenantTunnel | undefined,
  tunnelClass: TunnelClass,
): Placement {
  const current = currentNode(world, index);
  const { chosenNodes } = world;
  const departure = current === undefined ? undefined : departureFrom(world, current, tunnelClass);
  const chosen = chosenNodes.get(index);
  chosenNodes.delete(index);
  if (current !== undefined && departure === undefined) return { node: current };
  // One that was found silent is waited for as long as one that falls silent; it wakes its tunnels then.
  if (current !== undefined && departure?.isSilent && !world.pulses.isFenced(current))
    return { node: current, isUnsure: true };
  const gateways = gatewaysOf(world, tunnelClass.metadata.name);
  if (current !== undefined && departure !== undefined) {
    const others = gateways.filter(({ node, isCordoned }) => node !== current && !isCordoned);
    const placed = chooseNode(tunnelClass, others, chosen);
    if ('refused' in placed) return departure.isSilent ? stuck(current, tunnelClass) : { node: current };
    chosenNodes.set(index, placed.node);
    return {
      node: current,
      move: { to: placed.node, why: `Node ${current} ${departure.why}`, isSilent: departure.isSilent },
    };
  }
  // After its ConfigMap was deleted by hand a tunnel goes back to where its routers' packets arrive.
  const placed = chooseNode(tunnelClass, gateways, chosen ?? tunnel?.status?.gateway);
  if ('node' in placed) chosenNodes.set(index, placed.node);
  return placed;
}

function stuck(node: string, { metadata: { name } }: TunnelClass): Placement {
  const message = `Node ${node} does not answer any more, and TunnelClass ${name} has no other gateway that could take the tunnel. See the gateway pod there, or give the class another node.`;
  return { node, trouble: { reason: 'NoGateway', message } };
}

/** All nodes, with what their agents' heartbeats say. */
function gatewaysOf(world: World, className: string): Gateway[] {
  const { caches, chosenNodes, ledger, pulses } = world;
  const load = new Map<string, { all: number; ofClass: number }>();
  const count = (node: string, isOfClass: boolean): void => {
    const { all, ofClass } = load.get(node) ?? { all: 0, ofClass: 0 };
    load.set(node, { all: all + 1, ofClass: ofClass + Number(isOfClass) });
  };
  for (const { metadata } of caches.configMaps.list()) {
    const node = metadata.labels?.[LABEL_GATEWAY];
    if (metadata.labels?.[LABEL_PART] !== 'tunnel' || node === undefined) continue;
    count(node, metadata.annotations?.[ANNOTATION_CLASS] === className);
  }
  for (const [index, node] of chosenNodes) {
    if (currentNode(world, index) !== node) count(node, ledger.tunnels.get(index)?.className === className);
  }
  return caches.nodes.list().map(({ metadata: { name, labels = {} }, spec }) => ({
    node: name,
    labels,
    alive: pulses.isAlive(name),
    problem: pulses.problemOf(name),
    isCordoned: spec?.unschedulable === true,
    load: load.get(name)?.all ?? 0,
    ofClass: load.get(name)?.ofClass ?? 0,
  }));
}
