import { renderScript } from '../../../src/routeros/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { BASE } from './variants.ts';

const VERSIONS = ['7.9.2', '7.12.2', '7.16.2', '7.18.2', '7.20.8', '7.22.3', '7.24'];
const PEERS = '/interface/wireguard/peers';
const NOW = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;

/** A router with the script in it, whose tunnel was last renewed so long ago, at an address. */
function routerOf(version: string, lastHandshake: number | undefined, names: Record<string, string>) {
  const resolve = (name: string): string | undefined => names[name];
  const board = 'hAP ax2';
  const router = new RouterOs({
    version,
    board,
    serialNumber: 'HD608ABCDEF',
    defaultFirewall: true,
    now: () => NOW,
    resolve,
  });
  router.terminal().paste(renderScript(BASE));
  const facts = { lastHandshake, rx: 0, tx: 0, currentEndpointAddress: '198.51.100.7' };
  router.observePeer(router.rows(PEERS)[0]?.['.id'] ?? '', facts);
  return router;
}

/** What the peer's endpoint was set to, one after the other, when netwatch has tested once more. */
async function testedOnce(
  router: RouterOs,
  resolve: (name: string) => string | undefined,
): Promise<string[]> {
  const [entry] = router.rows('/tool/netwatch');
  const set: string[] = [];
  const stop = router.onChange((change) => {
    if ('id' in change && change.menu === PEERS)
      set.push(router.rows(PEERS).find((row) => row['.id'] === change.id)?.['endpoint-address'] ?? '');
  });
  const world = {
    delay: async () => {},
    resolve: async (name: string) => resolve(name),
    ping: async () => 0,
  };
  const output = await router.netwatchTerminal().pasteInto(world, entry?.['test-script'] ?? '');
  stop();
  expect(output).toBe('');
  return set;
}

describe.each(VERSIONS)('RouterOS %s', (version) => {
  const moved = { 'vpn.example.com': '198.51.100.8' };
  const same = { 'vpn.example.com': '198.51.100.7' };
  test.each([
    ['goes to the new address when its session is dead', 4, moved, ['198.51.100.8', 'vpn.example.com']],
    ['that never connected goes to the new address', undefined, moved, ['198.51.100.8', 'vpn.example.com']],
    ['stays where its session lives, whatever the name means', 2, moved, []],
    ['writes nothing while the name means the same', 4, same, []],
    ['writes nothing while no name is resolved, as without internet', 4, {}, []],
  ])('a router %s', async (_what, minutes, names: Record<string, string>, expected) => {
    const router = routerOf(version, minutes && NOW - minutes * MINUTE_MS, names);
    expect(await testedOnce(router, (name) => names[name])).toEqual(expected);
  });

  test('a power cut between the two writes leaves a peer that is mended by the next test', async () => {
    const router = routerOf(version, NOW - 4 * MINUTE_MS, same);
    const attributes = { numbers: router.rows(PEERS)[0]?.['.id'] ?? '', 'endpoint-address': '198.51.100.7' };
    router.execute({ menu: PEERS, command: 'set', attributes, user: 'admin' });
    expect(await testedOnce(router, (name) => same[name as keyof typeof same])).toEqual(['vpn.example.com']);
  });

  test('with an endpoint by address nothing looks, and what an earlier script left is gone', () => {
    const router = routerOf(version, undefined, same);
    const customers = '/tool/netwatch/add host=192.168.88.2 comment="ours"';
    router.terminal().paste(customers);
    expect(router.rows('/tool/netwatch')).toHaveLength(2);
    const server = { ...BASE.server, endpointHost: '198.51.100.7' };
    router.terminal().paste(renderScript({ ...BASE, server }));
    expect(router.rows('/tool/netwatch').map((row) => row.comment)).toEqual(['ours']);
  });
});
