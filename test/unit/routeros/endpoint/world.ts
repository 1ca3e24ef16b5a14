/** Routers on a desk, and the places where their server is reached, for a move from one to another. */
import {
  type MoveOutcome,
  moveEndpoint,
  type RouterOsApi,
  type ScriptInput,
} from '../../../../src/routeros/index.ts';
import { underUndo } from '../../../../src/routeros/undo/index.ts';
import type { WayEndpoint } from '../../../simulator/desk/reach.ts';
import type { DeskOptions, DeskRouter } from '../../../simulator/desk/router.ts';
import { restingWorld } from '../../../simulator/engine/rest.ts';
import { connect, never, pass, provision, wait } from '../undo/desk.ts';
import { BASE, VARIANTS } from '../variants.ts';

export const PEERS = '/interface/wireguard/peers';
const BOX = 'vpn-new.example.com';

export type Host = 'name' | 'other name' | 'ipv4' | 'other ipv4' | 'ipv6';

/** A script for each kind of host. */
export const INPUTS: Record<Host, ScriptInput> = {
  name: BASE,
  'other name': { ...BASE, server: { ...BASE.server, endpointHost: BOX } },
  ipv4: VARIANTS['endpoint-ipv4'] as ScriptInput,
  'other ipv4': { ...BASE, server: { ...BASE.server, endpointHost: '203.0.113.99', endpointPort: 51821 } },
  ipv6: VARIANTS['endpoint-ipv6'] as ScriptInput,
};

export const wantedOf = ({ server: { endpointHost, endpointPort } }: ScriptInput) => ({
  host: endpointHost.replace(/^\[(.*)\]$/, '$1'),
  port: endpointPort,
});

const ADDRESSES: Record<string, string> = { 'vpn.example.com': '198.51.100.20', [BOX]: '198.51.100.21' };

const place = (input: ScriptInput): WayEndpoint => {
  const { host, port } = wantedOf(input);
  // The desk has IPv4 outside alone: an IPv6 address is reached by the same route.
  return { host, port, address: ADDRESSES[host] ?? (host.includes(':') ? '198.51.100.22' : host) };
};

export interface Site {
  router: DeskRouter;
  /** Shuts the new place, as if it led nowhere. */
  from: WayEndpoint;
  to: WayEndpoint;
}

/** A router that was set up at `from`, with a server that answers there, and at `to` where it `leads`. */
export function site(options: DeskOptions, from: Host, to: Host, { leads = true, knows = true } = {}): Site {
  const router = provision(options, INPUTS[from]);
  const [old, next] = [place(INPUTS[from]), place(INPUTS[to])];
  if (router.way === undefined) throw new Error('no way');
  router.way = { ...router.way, endpoint: old, ...(leads && { others: [next] }) };
  const { world } = router.os.jobs;
  router.os.jobs.world = (signal) => ({
    ...(world?.(signal) ?? restingWorld(signal)),
    resolve: async (name) => (name === next.host && !knows ? undefined : ADDRESSES[name]),
  });
  shakeHands(router);
  return { router, from: old, to: next };
}

/**
 * WireGuard, as far as a peer tells of it: a peer that is switched on shakes hands with its endpoint, if that leads anywhere;
 * one whose endpoint is set goes on with its session.
 */
function shakeHands(router: DeskRouter): void {
  const look = (): void => {
    const [peer] = router.rows(PEERS);
    if (peer === undefined || router.way === undefined) return;
    const isOn = peer.disabled !== 'true';
    const places = [router.way.endpoint, ...(router.way.others ?? [])];
    const at = places.find(
      ({ host, port }) => host === peer['endpoint-address'] && String(port) === peer['endpoint-port'],
    );
    const isNew = isOn && !wasOn;
    wasOn = isOn;
    if (isOn && at !== undefined)
      router.os.observePeer(peer['.id'] ?? '', {
        rx: 1,
        tx: 1,
        lastHandshake: isNew ? Date.now() : handshake,
        currentEndpointAddress: at.address === '198.51.100.22' ? at.host : at.address,
        currentEndpointPort: at.port,
      });
    if (isNew) handshake = at === undefined ? undefined : Date.now();
  };
  let wasOn = false;
  let handshake: number | undefined;
  look();
  router.os.onChange(({ menu }) => {
    if (menu === PEERS) look();
  });
}

/** All that a script makes for its endpoint's sake, as it is now; ids apart, and what is switched off and about to go. */
export function made({ rows }: DeskRouter): unknown {
  const plain = (menu: string) =>
    rows(menu)
      .filter(({ comment = '' }) => /^tenant-tunnel: (WireGuard|new address|managed)/.test(comment))
      .filter(({ disabled }) => menu === PEERS || disabled !== 'true')
      .map(({ '.id': _, name: __, ...row }) =>
        Object.fromEntries(
          Object.entries(row).filter(
            ([key, value]) =>
              value !== '' &&
              !/^(bytes|packets|rx|tx|status|since|dst-port|last-handshake|current-endpoint.*)$/.test(key),
          ),
        ),
      );
  const before = (menu: string) => {
    const all = rows(menu).filter(({ disabled }) => disabled !== 'true');
    const ours = all.findIndex(({ comment }) => comment === 'tenant-tunnel: WireGuard from the server');
    const drop = all.findIndex(
      ({ chain, action, dynamic }) => chain === 'input' && action === 'drop' && dynamic !== 'true',
    );
    return ours < 0 ? 'none' : ours < drop ? 'before the first drop' : 'behind it';
  };
  const filters = ['/ip/firewall/filter', '/ipv6/firewall/filter'];
  return {
    rules: filters.map((menu) => [plain(menu), before(menu)]),
    lookers: plain('/tool/netwatch'),
    peers: plain(PEERS),
  };
}

/** Moves it, in time that passes by itself. */
export async function move(
  { router }: Site,
  to: Host,
  open: (signal: AbortSignal) => Promise<RouterOsApi> = (signal) => connect(router, signal),
): Promise<MoveOutcome> {
  const api = await pass(open(never));
  try {
    return await pass(
      moveEndpoint({
        api,
        openAnother: open,
        underUndo,
        wanted: wantedOf(INPUTS[to]),
        serverAddress: INPUTS[to].server.address,
        signal: never,
        now: Date.now,
      }),
    );
  } finally {
    api.close();
  }
}

export { never, pass, wait };
