/** When all is quiet each network behind routers is routed to one of those that want it, and to nobody for a reason that is not true. */
import { networkOf, type TunnelEntry } from '../../../src/allocation/index.ts';
import { overlaps, parseNetwork } from '../../../src/allocation/ipv4.ts';
import { ROUTERS, type Router } from '../../../src/api/index.ts';
import { isTrue, keyOf, nodes } from '../../../src/kube/index.ts';
import { Violation } from '../violation.ts';
import { admittedTo, meantBy } from './admitted.ts';
import type { Scene } from './served.ts';

const wrong = (message: string): Violation => new Violation('4 networks', message);

export function networksAreRouted({ server, picture, cursed }: Scene): void {
  const isMute = (router: Router): boolean => cursed.has(`apply routers/status ${keyOf(router)}`);
  for (const [index, { peers }] of picture.handovers) {
    const entry = picture.tunnels.get(index);
    if (entry === undefined) continue;
    const { node } = picture.handovers.get(index) ?? {};
    // Of a tunnel that lies on no node what was handed over before stays.
    const isPlaced = node !== undefined && server.peek(nodes, node) !== undefined;
    const routed = [...peers.values()]
      .flat()
      .flatMap((peer) =>
        peer.allowedIPs.slice(1).map((text) => ({ key: `${peer.namespace}/${peer.name}`, text })),
      );
    for (const a of routed) {
      if (meet(a.text, entry.subnet)) throw wrong(`${a.text} of ${a.key} overlaps ${entry.subnet}`);
      const b = routed.find((other) => other.key !== a.key && meet(other.text, a.text));
      if (b !== undefined) throw wrong(`${a.key} and ${b.key} have ${a.text} and ${b.text}`);
    }
    const members = server.all(ROUTERS).filter((router) => admittedTo(router, entry, server));
    for (const router of members) {
      const key = keyOf(router);
      const isPeer = [...peers.values()].flat().some((peer) => `${peer.namespace}/${peer.name}` === key);
      // While its TenantTunnel is awaited, whatever is said of a router stays.
      const isAwaited = meantBy(router, server).length === 0;
      if (
        !isPlaced ||
        isAwaited ||
        !isPeer ||
        isMute(router) ||
        !isTrue(router.status?.conditions, 'Allocated')
      )
        continue;
      const own = routed.filter((one) => one.key === key).map(({ text }) => text);
      if (own.sort().join() !== [...(router.status?.subnets ?? [])].sort().join())
        throw wrong(`${key} says ${router.status?.subnets} and has ${own}`);
      isRefusedRightly(router, own, members, entry);
    }
  }
}

function isRefusedRightly(
  router: Router,
  own: readonly string[],
  members: readonly Router[],
  entry: TunnelEntry,
): void {
  const others = members.filter((other) => keyOf(other) !== keyOf(router));
  for (const text of router.spec.subnets ?? []) {
    if (own.includes(text) || overlaps(parseNetwork(text), networkOf(entry))) continue;
    const isHeld = others.some(({ status }) => status?.subnets?.some((one) => meet(one, text)));
    const isAskedFor = others.some(
      ({ spec, status }) =>
        !isTrue(status?.conditions, 'Allocated') && spec.subnets?.some((one) => meet(one, text)),
    );
    if (!isHeld && !isAskedFor) throw wrong(`${keyOf(router)} lacks ${text}, which nobody has`);
  }
}

const meet = (a: string, b: string): boolean => overlaps(parseNetwork(a), parseNetwork(b));
