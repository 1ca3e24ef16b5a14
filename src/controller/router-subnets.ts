import { formatNetwork, type Network, networkOf, overlaps, type TunnelEntry } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { mayStay, older } from './find-tunnel.ts';
import { tunnelNames } from './rivals.ts';
import { isTold, readNetwork } from './subnet-index.ts';
import { tunnelOf, type World, wakeBlockHandover } from './world.ts';

/*
 * Who has a network behind routers is in no ledger: it is decided anew each time, by what Routers want and what their statuses
 * tell. Who has been told a network keeps it; of several that want it, or have been told it by two leaders at once, the
 * oldest is in the right. Where two processes decide on different knowledge the agent gives the network to one of the
 * two all the same (gateway/distinct-networks.ts).
 */

export interface SubnetGrant {
  /** In ascending order. */
  granted: string[];
  refused: { subnet: string; why: string }[];
}

/** What a Router may have of the networks that its manifest names. */
export function subnetsOf(world: World, router: Router, entry: TunnelEntry): SubnetGrant {
  const grant: SubnetGrant = { granted: [], refused: [] };
  const wanted = (router.spec.subnets ?? []).map((text) => ({ text, network: readNetwork(text) }));
  for (const { text, network } of wanted.sort((a, b) => order(a.network, b.network))) {
    const why = network === undefined ? 'is no network' : objection(world, router, entry, text, network);
    if (why === undefined) grant.granted.push(text);
    else grant.refused.push({ subnet: text, why });
  }
  return grant;
}

const order = (a: Network | undefined, b: Network | undefined): number =>
  (a?.base ?? 0) - (b?.base ?? 0) || (a?.length ?? 0) - (b?.length ?? 0);

function objection(
  world: World,
  router: Router,
  entry: TunnelEntry,
  text: string,
  network: Network,
): string | undefined {
  if (overlaps(network, networkOf(entry))) return `overlaps the tunnel's own ${entry.subnet}`;
  const rival = rivalFor(world, router, entry, text, network);
  if (rival === undefined) return undefined;
  const { owner, at } = rival;
  const what = formatNetwork(at) === text ? 'belongs to' : `overlaps ${formatNetwork(at)} of`;
  return `${what} Router ${owner}`;
}

interface Rival {
  owner: string;
  at: Network;
}

function rivalFor(
  world: World,
  router: Router,
  entry: TunnelEntry,
  text: string,
  network: Network,
): Rival | undefined {
  const isOwn = isTold(router, text);
  const holder = firstOther(world, 'told', router, entry, network, (other) =>
    isOwn ? older(other, router) < 0 : true,
  );
  if (holder !== undefined || isOwn) return holder;
  return firstOther(
    world,
    'wanted',
    router,
    entry,
    network,
    (other, at) => older(other, router) < 0 && !isRefused(world, other, entry, at),
  );
}

/** Whether a network that a Router wants and has not been told is out of its reach. */
function isRefused(world: World, router: Router, entry: TunnelEntry, network: Network): boolean {
  if (overlaps(network, networkOf(entry))) return true;
  return firstOther(world, 'told', router, entry, network, () => true) !== undefined;
}

function firstOther(
  world: World,
  table: 'told' | 'wanted',
  router: Router,
  entry: TunnelEntry,
  network: Network,
  matters: (other: Router, at: Network) => boolean,
): Rival | undefined {
  for (const scope of tunnelNames(entry)) {
    for (const { owner, base, length } of world.subnets[table].overlapping(scope, network)) {
      const other = owner === keyOf(router) ? undefined : world.caches.routers.get(owner);
      const at = { base, length };
      if (other === undefined || !matters(other, at)) continue;
      if (mayStay(tunnelOf(world, other), entry)) return { owner, at };
    }
  }
  return undefined;
}

/** Has what a Router says and what its block says decided anew. */
export function wakeSubnets(world: World, keys: readonly string[]): void {
  for (const key of keys) {
    world.controllers.routers.enqueue(key);
    for (const claim of world.ledger.claimsOf(key)) wakeBlockHandover(world, claim.tunnel, claim.block);
  }
}
