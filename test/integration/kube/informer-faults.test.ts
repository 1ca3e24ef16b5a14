import {
  type Change,
  type ConfigMap,
  configMaps,
  Informer,
  type KubeClient,
} from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import {
  type Fault,
  type FaultProxy,
  type ProxiedRequest,
  startFaultProxy,
} from '../../testbed/fault-proxy.ts';
import { seeded } from '../../testbed/seeded.ts';
import { clientOf, configMap, eventually, makeNamespace, silent, versionsOf } from './server.ts';

const OBJECTS = 1000;
const timings = { inactivityMs: 3000, watchSeconds: 300, backoff: { baseMs: 40, maxMs: 400 }, pageSize: 300 };

let cluster: ControlPlane;
let proxy: FaultProxy;
let direct: KubeClient;
let faulty: KubeClient;

beforeAll(async () => {
  cluster = await startControlPlane();
  proxy = await startFaultProxy(cluster.url, cluster.caFile);
  direct = clientOf(cluster);
  // A page that stalls is given up as soon as a watch that does, or the churn would go on for half a minute more each time.
  faulty = clientOf(cluster, { timeoutMs: timings.inactivityMs }, proxy.url);
}, 600_000);

const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  proxy.decide(undefined);
  await Promise.all(running.splice(0).map((end) => end()));
});

afterAll(async () => {
  await Promise.all([direct?.close(), faulty?.close()]);
  await proxy?.stop();
  await cluster?.stop();
});

/** An informer with a mirror that knows nothing but the changes it was told of. */
function watched(namespace: string) {
  const informer = new Informer({ client: faulty, type: configMaps, namespace, logger: silent, timings });
  const mirror = new Map<string, string>();
  const seen = new Set<string>();
  const wrong: string[] = [];
  informer.onChange((change: Change<ConfigMap>) => {
    const version = change.object.metadata.resourceVersion ?? '';
    const known = mirror.get(change.key);
    if (change.type === 'added' && known !== undefined) wrong.push(`${change.key} added twice`);
    if (change.type === 'updated' && known !== change.old.metadata.resourceVersion) {
      wrong.push(`${change.key} updated from another version`);
    }
    if (change.type === 'deleted' && known === undefined) wrong.push(`${change.key} deleted twice`);
    if (change.type === 'deleted') mirror.delete(change.key);
    else mirror.set(change.key, version);
    if (change.type !== 'deleted') {
      if (seen.has(`${change.key}@${version}`)) wrong.push(`${change.key}@${version} told twice`);
      seen.add(`${change.key}@${version}`);
    }
  });
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  running.push(async () => {
    stop.abort();
    await ended;
  });
  return { informer, mirror, seen, wrong };
}

async function fill(namespace: string): Promise<void> {
  const names = Array.from({ length: OBJECTS }, (_, index) => `cm-${index}`);
  await Promise.all(names.map((name) => direct.create(configMaps, configMap(namespace, name, 'first'))));
}

/** Changes, deletes and makes again until there has been enough; answers every version that was written. */
async function churn(namespace: string, random: () => number, enough: () => boolean): Promise<string[]> {
  const written: string[] = [];
  let rounds = 0;
  const one = async () => {
    while (rounds++ < 2000 || !enough()) {
      const name = `cm-${Math.floor(random() * OBJECTS)}`;
      if (random() < 0.3) {
        await direct.delete(configMaps, { namespace, name });
        continue;
      }
      const applied = await direct.apply(configMaps, configMap(namespace, name, String(random())), {
        fieldManager: 'churn',
      });
      written.push(`${namespace}/${name}@${applied.metadata.resourceVersion}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return written;
}

/** Gives each watch the next fault of the menu, and each second page of a list. */
function faultsOf(random: () => number, menu: ((bytes: number) => Fault)[]) {
  let watches = 0;
  let pages = 0;
  const rule = ({ kind }: ProxiedRequest): Fault | undefined => {
    const bytes = Math.floor(random() * 20_000);
    if (kind === 'watch') return menu[watches++ % menu.length]?.(bytes);
    if (kind === 'list' && pages++ % 2 === 1) return menu[Math.floor(random() * menu.length)]?.(bytes);
    return undefined;
  };
  return { rule, twice: () => watches >= 2 * menu.length };
}

const passing: ((bytes: number) => Fault)[] = [
  (afterBytes) => ({ kind: 'cut', afterBytes }),
  () => ({ kind: 'answer', status: 429, retryAfterSeconds: 0 }),
  (afterBytes) => ({ kind: 'cut', afterBytes }),
  () => ({ kind: 'answer', status: 500 }),
  (bytes) => ({ kind: 'errorEvent', code: 500, afterEvents: bytes % 40 }),
  () => ({ kind: 'answer', status: 503 }),
  (afterBytes) => ({ kind: 'stall', afterBytes }),
  (afterBytes) => ({ kind: 'cut', afterBytes: 7 + (afterBytes % 90) }),
  (bytes) => {
    // Late, but whole: it would not end by itself.
    setTimeout(() => proxy.cutAll(), 1000).unref();
    return { kind: 'delay', ms: bytes % 400 };
  },
];
const gone: ((bytes: number) => Fault)[] = [
  () => ({ kind: 'answer', status: 410 }),
  (bytes) => ({ kind: 'errorEvent', code: 410, afterEvents: bytes % 40 }),
];

async function expectConverged(namespace: string, watch: ReturnType<typeof watched>): Promise<void> {
  await eventually(async () => {
    const there = await versionsOf(direct, namespace);
    const stored = new Map(
      watch.informer
        .list()
        .map(({ metadata }) => [`${namespace}/${metadata.name}`, metadata.resourceVersion ?? '']),
    );
    expect(stored).toEqual(there);
  });
  expect(watch.mirror).toEqual(await versionsOf(direct, namespace));
  expect(watch.wrong).toEqual([]);
}

test('through 429, 500, 503, cuts, hangs and ERROR events an informer sees each version of 1,000 objects once, with one list', async () => {
  const random = seeded(41);
  const namespace = await makeNamespace(direct, 'resumed');
  await fill(namespace);
  const watch = watched(namespace);
  await watch.informer.synced;
  expect(watch.informer.size).toBe(OBJECTS);
  const lists = () => proxy.requests.filter(({ kind }) => kind === 'list').length;
  const listed = lists();

  const faults = faultsOf(random, passing);
  proxy.decide(faults.rule);
  proxy.cutAll();
  const written = await churn(namespace, random, faults.twice);
  proxy.decide(undefined);

  await eventually(() => expect(written.filter((version) => !watch.seen.has(version))).toEqual([]));
  await expectConverged(namespace, watch);
  expect(lists()).toBe(listed);
  expect(written.length).toBeGreaterThan(1000);
}, 240_000);

test('through 410 besides, also while it lists, its store and its changes end up as a fresh list', async () => {
  const random = seeded(42);
  const namespace = await makeNamespace(direct, 'relisted');
  await fill(namespace);
  const faults = faultsOf(random, [...passing, ...gone]);
  proxy.decide(faults.rule);
  const watch = watched(namespace);
  await watch.informer.synced;
  const lists = proxy.requests.filter(({ kind }) => kind === 'list').length;
  await churn(namespace, random, faults.twice);
  proxy.decide(undefined);
  await expectConverged(namespace, watch);
  expect(proxy.requests.filter(({ kind }) => kind === 'list').length).toBeGreaterThan(lists);
}, 240_000);

test('objects deleted and made again while nothing gets through are told as deleted', async () => {
  const namespace = await makeNamespace(direct, 'unseen');
  for (const name of ['stays', 'goes', 'is-replaced']) {
    await direct.create(configMaps, configMap(namespace, name, 'first'));
  }
  const watch = watched(namespace);
  await watch.informer.synced;
  const told: string[] = [];
  watch.informer.onChange(({ type, key }) => told.push(`${type} ${key}`));
  proxy.decide(({ kind }) => (kind === 'watch' ? { kind: 'answer', status: 410 } : { kind: 'hang' }));
  proxy.cutAll();
  await direct.delete(configMaps, { namespace, name: 'goes' });
  await direct.delete(configMaps, { namespace, name: 'is-replaced' });
  await direct.create(configMaps, configMap(namespace, 'is-replaced', 'second'));
  await eventually(() => expect(proxy.requests.at(-1)?.kind).toBe('list'));
  proxy.decide(undefined);
  proxy.cutAll();
  await eventually(() => expect(told).toHaveLength(3));
  expect(told.sort()).toEqual([
    `added ${namespace}/is-replaced`,
    `deleted ${namespace}/goes`,
    `deleted ${namespace}/is-replaced`,
  ]);
}, 120_000);

test('a restart of the API server costs an informer nothing but time', async () => {
  const namespace = await makeNamespace(direct, 'restarted');
  const watch = watched(namespace);
  await watch.informer.synced;
  await direct.create(configMaps, configMap(namespace, 'before', '1'));
  await cluster.restartApiServer();
  await direct.create(configMaps, configMap(namespace, 'after', '1'));
  await direct.delete(configMaps, { namespace, name: 'before' });
  await eventually(() => expect(watch.informer.keys()).toEqual([`${namespace}/after`]));
  await expectConverged(namespace, watch);
}, 240_000);
