/**
 * A process that has just begun to lead may see the API server as it was a while ago, and the ledger as it is now.
 * What its caches lack must cost no router its keys, its address or its peer.
 */
import type { Ledger } from '../../../src/allocation/index.ts';
import type { Router, TenantTunnel } from '../../../src/api/index.ts';
import { systemEnvironment } from '../../../src/controller/environment.ts';
import { Moves } from '../../../src/controller/moves.ts';
import { Pulses } from '../../../src/controller/pulses.ts';
import { reconcileHandover } from '../../../src/controller/reconcile-handover.ts';
import { reconcileRouter } from '../../../src/controller/reconcile-router.ts';
import { reconcileTunnel } from '../../../src/controller/reconcile-tunnel.ts';
import { WaitingRouters } from '../../../src/controller/waiting-routers.ts';
import type { World } from '../../../src/controller/world.ts';
import {
  type KubeObject,
  keyFor,
  keyOf,
  type ObjectName,
  type ResourceType,
} from '../../../src/kube/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { NOW, router, tunnel, tunnelClass } from './fixtures.ts';

const context = { signal: new AbortController().signal, wrote: () => {}, deleted: () => {} };

/** Objects by key, and no index but the tenant's. */
function cacheOf<T extends KubeObject>(
  objects: T[],
  tenant: (object: T) => string | undefined = () => undefined,
) {
  return {
    get: (key: string) => objects.find((object) => keyOf(object) === key),
    list: () => objects,
    keys: () => objects.map(keyOf),
    byIndex: (index: string, value: string) =>
      objects.filter((object) => index === 'tenant' && tenant(object) === value),
  };
}

interface Setting {
  ledger: Ledger;
  /** What the API server has. */
  stored?: KubeObject[];
  /** What the caches have. */
  routers?: Router[];
  tunnels?: TenantTunnel[];
  configMaps?: KubeObject[];
}

function worldOf({ ledger, stored = [], routers = [], tunnels = [], configMaps = [] }: Setting) {
  const woken: string[] = [];
  const writes: string[] = [];
  const controller = (name: string) => ({
    enqueue: (key: string) => woken.push(`${name} ${key}`),
    queue: { addAfter: (key: string) => woken.push(`${name} ${key}`) },
  });
  const names = ['routers', 'tunnels', 'handover', 'classes', 'ledger', 'quarantine', 'secrets'];
  const write = (verb: string) => async (type: ResourceType, object: { metadata: ObjectName }) => {
    writes.push(`${verb} ${type.plural} ${keyFor(object.metadata)}`);
    return object;
  };
  const world = {
    client: {
      get: async (type: ResourceType, name: ObjectName) =>
        stored.find((object) => object.kind === type.kind && keyOf(object) === keyFor(name)),
      create: write('create'),
      update: write('update'),
      applyStatus: write('status'),
      delete: async (type: ResourceType, name: ObjectName) =>
        writes.push(`delete ${type.plural} ${keyFor(name)}`),
    },
    caches: {
      routers: cacheOf(routers, ({ spec }) => spec.tenant),
      tunnels: cacheOf(tunnels, ({ spec, metadata }) => spec.tenant ?? metadata.name),
      classes: cacheOf([tunnelClass('standard', {}, { isDefault: true })]),
      configMaps: cacheOf(configMaps),
      secrets: cacheOf([]),
      heartbeats: cacheOf([]),
      nodes: cacheOf([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }]),
    },
    ledger,
    events: { record: () => {} },
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    environment: systemEnvironment,
    gatewayNamespace: 'gateways',
    now: () => new Date(NOW),
    controllers: Object.fromEntries(names.map((name) => [name, controller(name)])),
    pulses: new Pulses(systemEnvironment.clock, () => undefined),
    moves: new Moves(() => 0),
    chosenNodes: new Map(),
    endpointCaches: { hasBegun: false },
    endpointTroubles: new Map(),
    tunnelsBeingMade: new Map(),
    gathering: new Map(),
    waiting: new WaitingRouters(),
  };
  return { world: world as unknown as World, woken, writes };
}

async function ledgerWithRouters(...owners: string[]): Promise<{ ledger: Ledger; store: MemoryStore }> {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme', newKeyPair: generateKeyPair }));
  for (const owner of owners)
    await ledger.claimAddress(addressRequest(0, owner, { newKeyPair: generateKeyPair }));
  return { ledger, store };
}

const told = (n: number): Partial<Router> => ({ status: { address: `10.100.1.${n}` } });

const placed = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'gateways', name: 'tunnel-0', labels: { 'vpn.traidnet.io/gateway': 'n1' } },
};

test('a Router that the cache lacks and the API server has keeps its keys; it is looked at again', async () => {
  const { ledger, store } = await ledgerWithRouters('a/r');
  const [before] = ledger.claimsOf('a/r');
  const { world } = worldOf({ ledger, stored: [router('a/r', { tenant: 'acme' })] });
  const writes = store.writes;
  expect(await reconcileRouter(world)('a/r', context)).toEqual({ requeueAfterMs: expect.any(Number) });
  expect(ledger.claimsOf('a/r')).toEqual([before]);
  expect(store.writes).toBe(writes);
});

test.each([
  ['gone', []],
  [
    'being deleted',
    [router('a/r', { tenant: 'acme' }, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
  ],
])('a Router that is really %s is released, and its block told', async (_what, stored) => {
  const { ledger } = await ledgerWithRouters('a/r');
  const { world, woken } = worldOf({ ledger, stored });
  expect(await reconcileRouter(world)('a/r', context)).toBeUndefined();
  expect(ledger.claimsOf('a/r')).toEqual([]);
  expect(woken).toEqual(expect.arrayContaining(['handover 0/1', 'handover 0']));
});

test('a block is not handed over without a router that only the cache lacks; that router is looked at', async () => {
  const { ledger } = await ledgerWithRouters('a/r1', 'a/r2');
  const seen = router('a/r1', { tenant: 'acme' });
  const { world, woken, writes } = worldOf({
    ledger,
    routers: [seen],
    tunnels: [tunnel('a/acme')],
    configMaps: [placed],
  });
  await reconcileHandover(world)('0/1', context);
  expect(writes).toEqual([]);
  expect(woken).toEqual(['routers a/r2']);
});

test('a block is handed over whole while its TenantTunnel is away', async () => {
  const { ledger } = await ledgerWithRouters('a/r1', 'a/r2');
  const routers = [
    router('a/r1', { tenant: 'acme' }, told(1)),
    router('a/r2', { tunnelRef: { name: 'acme' } }, told(2)),
  ];
  const made: { data?: Record<string, string> }[] = [];
  const { world } = worldOf({ ledger, routers, configMaps: [placed] });
  Object.assign(world.client, {
    create: async (_type: ResourceType, object: { data?: Record<string, string> }) => {
      made.push(object);
      return object;
    },
  });
  await reconcileHandover(world)('0/1', context);
  expect(made.map(({ data }) => data?.['peers.conf']).find((text) => text !== undefined)).toMatch(
    /Router = a\/r1[\s\S]*Router = a\/r2/,
  );
});

test('a tunnel is not made again for a Router that only the cache has still', async () => {
  const { ledger } = await ledgerWithRouters('a/r');
  const seen = router('a/r', { tenant: 'acme' });
  const gone = worldOf({ ledger, routers: [seen] });
  await reconcileRouter(gone.world)('a/r', context);
  expect(gone.writes).toEqual([]);
  const there = worldOf({ ledger, routers: [seen], stored: [seen] });
  await reconcileRouter(there.world)('a/r', context);
  expect(there.writes).toEqual(['create tenanttunnels a/acme']);
});

test('a TenantTunnel that the cache lacks and the API server has is not released', async () => {
  const { ledger, store } = await ledgerWithRouters();
  const { world } = worldOf({ ledger, stored: [tunnel('a/acme')] });
  const writes = store.writes;
  expect(await reconcileTunnel(world)('a/acme', context)).toEqual({ requeueAfterMs: expect.any(Number) });
  expect(store.writes).toBe(writes);
  expect(ledger.tunnelOfTenant('acme')?.releasedAt).toBeUndefined();
});

test('a younger TenantTunnel does not take a tenant from an older one that the cache lacks', async () => {
  const { ledger } = await ledgerWithRouters();
  const younger = tunnel('b/acme', { tenant: 'acme' });
  const { world } = worldOf({ ledger, stored: [tunnel('a/acme'), younger], tunnels: [younger] });
  await reconcileTunnel(world)('b/acme', context);
  expect(ledger.tunnelOfTenant('acme')?.owner).toBe('a/acme');
  const gone = worldOf({ ledger, stored: [younger], tunnels: [younger] });
  await reconcileTunnel(gone.world)('b/acme', context);
  expect(ledger.tunnelOfTenant('acme')?.owner).toBe('b/acme');
});

test('tunnels of an index that the ledger does not know are removed, but not while it cannot be read', async () => {
  const { ledger, store } = await ledgerWithRouters('a/r');
  const stray = { ...placed, metadata: { ...placed.metadata, name: 'tunnel-9' } };
  const removals = async (over: Ledger) => {
    const { world, writes } = worldOf({ ledger: over });
    Object.assign(world.caches.configMaps, { byIndex: () => [stray], get: () => stray });
    await reconcileHandover(world)('9', context);
    return writes;
  };
  expect(await removals(ledger)).toEqual(['delete configmaps gateways/tunnel-9']);
  const restarted = ledgerOver(store);
  for (const object of store.objects.values()) {
    const isTunnels = object.name === 'ledger-tunnels';
    restarted.observe(isTunnels ? { ...object, data: { format: '9' } } : object);
  }
  expect(await removals(restarted)).toEqual([]);
});

test('what another leader has handed over is not made anew from a ledger that does not show it yet', async () => {
  const { ledger: other, store } = await ledgerWithRouters('a/r1');
  const lagging = ledgerOver(store);
  for (const object of store.objects.values()) lagging.observe(object);
  await other.claimAddress(addressRequest(0, 'a/r2', { newKeyPair: generateKeyPair }));
  const routers = [1, 2].map((n) => router(`a/r${n}`, { tenant: 'acme' }, told(n)));
  const peers = (revision: number | undefined) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'gateways',
      name: 'tunnel-0-peers-1',
      annotations: { 'vpn.traidnet.io/revision': String(revision) },
    },
  });
  const handedOver = [placed, peers(other.revision(0, 1))];
  const { world } = worldOf({
    ledger: lagging,
    routers,
    tunnels: [tunnel('a/acme')],
    configMaps: handedOver,
  });
  const made: { data?: Record<string, string> }[] = [];
  Object.assign(world.client, {
    update: async (_type: ResourceType, object: { data?: Record<string, string> }) => {
      made.push(object);
      return object;
    },
  });
  await reconcileHandover(world)('0/1', context);
  const text = made.map(({ data }) => data?.['peers.conf']).find((one) => one !== undefined);
  expect(text).toMatch(/Router = a\/r1[\s\S]*Router = a\/r2/);
});

test('a block that another leader has named to the gateway is named on by a ledger that does not show it yet', async () => {
  const { ledger: other, store } = await ledgerWithRouters('a/r1');
  const lagging = ledgerOver(store);
  for (const object of store.objects.values()) lagging.observe(object);
  await other.claimAddress(addressRequest(0, 'a/r2', { pin: '10.100.2.1', newKeyPair: generateKeyPair }));
  const handedOver = { ...placed, data: { 'tunnel.json': JSON.stringify({ blocks: [1, 2, 7] }) } };
  const { world } = worldOf({ ledger: lagging, tunnels: [tunnel('a/acme')], configMaps: [handedOver] });
  const made: { data?: Record<string, string> }[] = [];
  Object.assign(world.client, {
    update: async (_type: ResourceType, object: { data?: Record<string, string> }) => {
      made.push(object);
      return object;
    },
  });
  await reconcileHandover(world)('0', context);
  const text = made.map(({ data }) => data?.['tunnel.json']).find((one) => one !== undefined);
  expect(JSON.parse(text ?? '').blocks).toEqual([1, 2]);
});

test('what a router proves is noted also where its time comes between two looks at it', async () => {
  const { ledger } = await ledgerWithRouters('a/r');
  const [claim] = ledger.claimsOf('a/r');
  const { address = '', entry } = claim ?? {};
  const revision = (entry?.access?.revision ?? 0) + 1;
  const status = { address, publicKey: entry?.publicKey, credentials: { revision } };
  const there = router('a/r', { tenant: 'acme' }, { status: status as never });
  const { world } = worldOf({ ledger, routers: [there], stored: [there], tunnels: [tunnel('a/acme')] });
  let now = NOW;
  const until = NOW + 1;
  Object.assign(world, {
    now: () => new Date(now),
    gathering: {
      get: () => {
        now = until;
        return until;
      },
    },
  });
  expect(await reconcileRouter(world)('a/r', context)).toEqual({ requeueAfterMs: 50 });
  await reconcileRouter(world)('a/r', context);
  expect(ledger.claimsOf('a/r')[0]?.entry.access).toMatchObject({ revision, used: expect.any(String) });
});
