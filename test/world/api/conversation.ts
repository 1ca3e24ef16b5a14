/**
 * What is said to an API server and what it answers, in words that do not depend on which one it is: the model must
 * answer as a real one does (test/integration/world/conformance.test.ts).
 */
import { API_VERSION, ROUTERS, type Router } from '../../../src/api/index.ts';
import {
  type ApplyOptions,
  type ConfigMap,
  configMaps,
  type KubeApi,
  KubeApiError,
  type KubeObject,
  type ListWatcher,
} from '../../../src/kube/index.ts';

export const NAMESPACE = 'conversation';
const CONTROLLER = 'tenant-tunnel-controller';
const GATEWAY = 'tenant-tunnel-gateway';
const TIME = '2026-01-02T03:04:05Z';

type Api = KubeApi & ListWatcher & { list: KubeApi['list'] };

const name = (of: string) => ({ name: of, namespace: NAMESPACE });
const condition = (type: string, status: 'True' | 'False', reason: string) => ({
  type,
  status,
  reason,
  message: `It is ${reason}.`,
  lastTransitionTime: TIME,
  observedGeneration: 1,
});

/** Says it all, in order; each answer as a line. */
export async function conversation(api: Api): Promise<string[]> {
  const answers: string[] = [];
  const versions = new Map<string, string>();
  const uids = new Map<string, number>();

  const plain = (object: KubeObject | undefined): unknown => {
    if (object === undefined) return 'none';
    const { metadata, ...rest } = object as KubeObject & { type?: string };
    const { uid = '', resourceVersion = '', creationTimestamp, deletionTimestamp, ...meta } = metadata;
    const { managedFields: _, ...said } = meta as typeof meta & { managedFields?: unknown };
    if (!uids.has(uid)) uids.set(uid, uids.size + 1);
    const before = versions.get(`${rest.kind} ${said.name}`);
    versions.set(`${rest.kind} ${said.name}`, resourceVersion);
    const version = before === resourceVersion ? 'as before' : 'new';
    const ends = deletionTimestamp !== undefined;
    return { ...said, uid: uids.get(uid), version, made: creationTimestamp !== undefined, ends, ...rest };
  };
  const say = async (what: string, ask: () => Promise<unknown>): Promise<unknown> => {
    try {
      const answer = await ask();
      const shown = isObject(answer) || answer === undefined ? plain(answer) : answer;
      answers.push(`${what}: ${ordered(shown)}`);
      return answer;
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      answers.push(`${what}: ${error.code}`);
      return undefined;
    }
  };
  const stored = async (of: string): Promise<ConfigMap> => {
    const object = await api.get(configMaps, name(of));
    if (object === undefined) throw new Error(of);
    return object;
  };

  const from = (await api.list(configMaps, { namespace: NAMESPACE })).resourceVersion;
  const labelled = { ...name('a'), labels: { part: 'one', team: 'x' } };
  await say('create', () => api.create(configMaps, { metadata: labelled, data: { x: '1' } }));
  await say('create it again', () => api.create(configMaps, { metadata: labelled }));
  await say('get', () => api.get(configMaps, name('a')));
  await say('get one that is not there', () => api.get(configMaps, name('b')));
  const first = await stored('a');
  await say('update', () => api.update(configMaps, { ...first, data: { x: '2' } }));
  await say('update on what has passed', () => api.update(configMaps, { ...first, data: { x: '3' } }));
  await say('update to what it is', async () => api.update(configMaps, await stored('a')));
  const { resourceVersion = '' } = (await stored('a')).metadata;
  const absent = { metadata: { ...name('b'), resourceVersion }, apiVersion: 'v1', kind: 'ConfigMap' };
  await say('update one that is not there', () => api.update(configMaps, absent));
  await say('take its label away', async () => {
    const { metadata, ...rest } = await stored('a');
    return api.update(configMaps, { ...rest, metadata: { ...metadata, labels: { team: 'x' } } });
  });
  await say('and give it back', async () => {
    const { metadata, ...rest } = await stored('a');
    return api.update(configMaps, { ...rest, metadata: { ...metadata, labels: labelled.labels } });
  });
  await say('delete another version', () => api.delete(configMaps, name('a'), { resourceVersion: '1' }));
  await say('delete another uid', () => api.delete(configMaps, name('a'), { uid: 'x' }));
  await say('delete', () => api.delete(configMaps, name('a')));
  await say('delete it again', () => api.delete(configMaps, name('a')));
  await say('watch by label', async () => watched(api, from, 4));

  for (const page of ['p1', 'p2', 'p3']) await api.create(configMaps, { metadata: name(page), data: {} });
  await say('list in pages', async () => {
    const pages: unknown[] = [];
    let next: string | undefined;
    do {
      const selection = { namespace: NAMESPACE, limit: 2, continue: next };
      const page = await api.list(configMaps, selection);
      pages.push(page.items.map(({ metadata }) => metadata.name).filter((one) => one.startsWith('p')));
      next = page.continue;
    } while (next !== undefined);
    return pages.flat();
  });

  const put = (
    of: string,
    data: Record<string, string>,
    more: Partial<ApplyOptions> = {},
    meta: object = {},
  ) =>
    api.apply(
      configMaps,
      { metadata: { ...name(of), ...meta }, data },
      { fieldManager: CONTROLLER, ...more },
    );
  const marked = { labels: { part: 'one' }, annotations: { 'a.example/b.c': '1', 'a.example/d': '2' } };
  await say('apply one that is not there', () => put('s', { x: '1', y: '1' }, { force: false }, marked));
  await say('apply it again', () => put('s', { x: '1', y: '1' }, {}, marked));
  await say('apply less', () =>
    put('s', { x: '1' }, {}, { labels: { part: 'one' }, annotations: { 'a.example/d': '3' } }),
  );
  await say('apply beside it', () => put('s', { z: '1' }, { fieldManager: GATEWAY, force: false }));
  await say('apply against it', () => put('s', { x: '2' }, { fieldManager: GATEWAY, force: false }));
  await say('apply by force', () => put('s', { x: '2', z: '1' }, { fieldManager: GATEWAY }));
  await say('leave it', () => put('s', { w: '1' }));
  await say('apply another uid', () => put('s', { w: '2' }, { uid: 'x' }));
  await say('apply another version', () => put('s', { w: '2' }, { resourceVersion: '1' }));
  await say('apply another uid and version', () => put('s', { w: '2' }, { uid: 'x', resourceVersion: '1' }));
  await say('apply with uid and version one that is not there', () =>
    put('t', { w: '2' }, { uid: 'x', resourceVersion: '1' }),
  );
  await say('apply with a uid one that is not there', () => put('t', { w: '2' }, { uid: 'x' }));
  await say('it was not made', () => api.get(configMaps, name('t')));

  const manifest = { apiVersion: API_VERSION, kind: 'Router', metadata: name('r'), spec: { tenant: 'acme' } };
  const made = (await say('create a Router', () =>
    api.create(ROUTERS, { ...manifest, status: { phase: 'Online' } } as unknown as Router),
  )) as Router;
  const apply = async (manager: string, status: object, more: object = {}) => {
    const { metadata, ...rest } = await api.applyStatus(
      ROUTERS,
      { metadata: name('r'), status } as unknown as Router,
      { fieldManager: manager, uid: made.metadata.uid, ...more },
    );
    answers.push(`the reply has beside the metadata ${Object.keys(rest).sort().join(', ')}`);
    const whole = await api.get(ROUTERS, name('r'));
    if (whole?.metadata.resourceVersion !== metadata.resourceVersion) throw new Error('another version');
    return whole;
  };
  const own = {
    observedGeneration: 1,
    phase: 'AwaitingConnection',
    address: '10.100.1.1',
    script: 'text',
    conditions: [
      condition('Allocated', 'True', 'Allocated'),
      condition('Ready', 'False', 'AwaitingConnection'),
    ],
  };
  await say('apply a status', () => apply(CONTROLLER, own));
  await say('apply it again', () => apply(CONTROLLER, own));
  const gateways = {
    phase: 'Online',
    lastSeen: TIME,
    interfaces: [{ name: 'ether1' }],
    conditions: [condition('Connected', 'True', 'Connected'), condition('Ready', 'True', 'Online')],
  };
  await say('apply what another manager has, too', () => apply(GATEWAY, gateways));
  const { phase: _, ...silent } = own;
  await say('leave to it what it took', () =>
    apply(CONTROLLER, { ...silent, conditions: silent.conditions.slice(0, 1) }),
  );
  await say('take a field back', () => {
    const { script: __, ...rest } = silent;
    return apply(CONTROLLER, { ...rest, conditions: rest.conditions.slice(0, 1) });
  });
  await say('take over what is the other one’s, with the same value', () =>
    apply(CONTROLLER, { ...own, phase: 'Online' }),
  );
  await say('and the other one leaves it', () => {
    const { phase: __, ...rest } = gateways;
    return apply(GATEWAY, { ...rest, conditions: rest.conditions.slice(0, 1) });
  });
  await say('apply to another uid', () => apply(CONTROLLER, own, { uid: 'x' }));
  await say('apply to another version', () => apply(CONTROLLER, own, { resourceVersion: '1' }));
  await say('apply a condition that lacks something', () =>
    apply(CONTROLLER, { ...own, conditions: [{ type: 'Allocated', status: 'True' }] }),
  );
  await say('apply to one that is not there', () =>
    api.applyStatus(ROUTERS, { metadata: name('none'), status: own } as unknown as Router, {
      fieldManager: CONTROLLER,
      uid: 'x',
    }),
  );
  const change = async (spec: object): Promise<Router> => {
    const router = (await api.get(ROUTERS, name('r'))) as Router;
    return api.update(ROUTERS, { ...router, spec: spec as Router['spec'], status: {} });
  };
  await say('change the spec; the status stays', () => change({ tenant: 'acme', suspended: true }));
  await say('change it to what it is', () => change({ tenant: 'acme', suspended: true }));
  await say('change what never changes', () => change({ tenant: 'other' }));
  await say('pin another address than it was given', () => change({ tenant: 'acme', address: '10.100.1.9' }));
  await say('pin the one that it was given', () => change({ tenant: 'acme', address: '10.100.1.1' }));
  await say('take the pin away', () => change({ tenant: 'acme' }));
  await say('put a finalizer on it', async () => {
    const router = (await api.get(ROUTERS, name('r'))) as Router;
    return api.update(ROUTERS, {
      ...router,
      metadata: { ...router.metadata, finalizers: ['example.com/hold'] },
    });
  });
  await say('delete it', () => api.delete(ROUTERS, name('r')));
  await say('it is being deleted', () => api.get(ROUTERS, name('r')));
  return answers;
}

const isObject = (value: unknown): value is KubeObject =>
  typeof value === 'object' && value !== null && 'metadata' in value;

/** JSON whose members stand in one order. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** So many events of those that have the label, from a version on. */
async function watched(api: Api, resourceVersion: string, count: number): Promise<string[]> {
  const ending = new AbortController();
  const events: string[] = [];
  const watch = api.watch(configMaps, {
    namespace: NAMESPACE,
    labelSelector: 'part=one',
    resourceVersion,
    timeoutSeconds: 60,
    inactivityMs: 60_000,
    signal: ending.signal,
  });
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') continue;
    const { metadata, data } = event.object;
    events.push(`${event.type} ${metadata.name} ${ordered({ data, labels: metadata.labels })}`);
    if (events.length === count) break;
  }
  ending.abort();
  return events;
}
