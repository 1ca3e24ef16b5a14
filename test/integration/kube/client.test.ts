import {
  configMaps,
  type KubeApiError,
  type KubeClient,
  type RequestObservation,
  type ResourceType,
  secrets,
} from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../testbed/fault-proxy.ts';
import { clientOf, configMap, makeNamespace } from './server.ts';

let cluster: ControlPlane;
let proxy: FaultProxy;
let client: KubeClient;
let namespace: string;
const observed: RequestObservation[] = [];

beforeAll(async () => {
  cluster = await startControlPlane();
  proxy = await startFaultProxy(cluster.url, cluster.caFile);
  client = clientOf(
    cluster,
    {
      maxConnections: 6,
      timeoutMs: 20_000,
      maxResponseBytes: 2_000_000,
      onRequest: (one) => observed.push(one),
    },
    proxy.url,
  );
  namespace = await makeNamespace(client, 'client');
}, 600_000);

afterEach(() => proxy.decide(undefined));

afterAll(async () => {
  await client?.close();
  await proxy?.stop();
  await cluster?.stop();
});

const code = (expected: KubeApiError['code']) =>
  expect.objectContaining({ name: 'KubeApiError', code: expected });

test('300 requests at once share the few connections that are allowed', async () => {
  const before = proxy.accepted;
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      client.create(configMaps, configMap(namespace, `many-${index}`, 'x')),
    ),
  );
  expect(proxy.accepted - before).toBeLessThanOrEqual(6);
  expect(proxy.mostOpen).toBeLessThanOrEqual(6);
});

test('a missing object is undefined, a taken name AlreadyExists, an old version Conflict', async () => {
  expect(await client.get(configMaps, { namespace, name: 'missing' })).toBeUndefined();
  const made = await client.create(configMaps, configMap(namespace, 'verbs', '1'));
  await expect(client.create(configMaps, configMap(namespace, 'verbs', '1'))).rejects.toEqual(
    code('AlreadyExists'),
  );
  const updated = await client.update(configMaps, { ...made, data: { value: '2' } });
  expect(updated.data).toEqual({ value: '2' });
  await expect(client.update(configMaps, { ...made, data: { value: '3' } })).rejects.toEqual(
    code('Conflict'),
  );
  const patched = await client.patch(
    configMaps,
    { namespace, name: 'verbs' },
    { data: { value: null, more: 'x' } },
  );
  expect(patched.data).toEqual({ more: 'x' });
});

test('an update without a resourceVersion is refused before it is sent', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', ...configMap(namespace, 'blind', '1') };
  await expect(client.update(configMaps, object)).rejects.toEqual(code('BadRequest'));
});

test('a name that would leave its path is sent as a name', async () => {
  await expect(client.get(configMaps, { namespace, name: '' })).rejects.toEqual(code('BadRequest'));
  await expect(client.get(configMaps, { namespace, name: '..' })).rejects.toEqual(code('BadRequest'));
  await expect(client.delete(configMaps, { name: 'x' })).rejects.toEqual(code('BadRequest'));
  expect(await client.get(configMaps, { namespace, name: '../secrets/x' })).toBeUndefined();
  expect(await client.get(configMaps, { namespace, name: 'x?watch=true' })).toBeUndefined();
});

test('a deletion is bound to uid and version, and says whether there was something to delete', async () => {
  const made = await client.create(configMaps, configMap(namespace, 'goes', '1'));
  const { uid, resourceVersion } = made.metadata;
  await expect(client.delete(configMaps, made.metadata, { uid: 'another' })).rejects.toEqual(
    code('Conflict'),
  );
  await expect(client.delete(configMaps, made.metadata, { uid, resourceVersion: '1' })).rejects.toEqual(
    code('Conflict'),
  );
  expect(await client.delete(configMaps, made.metadata, { uid, resourceVersion })).toBe(true);
  expect(await client.delete(configMaps, made.metadata)).toBe(false);
});

test('apply removes what its manager leaves out, and does not make an object of another uid', async () => {
  const name = 'applied';
  const one = await client.apply(
    configMaps,
    { metadata: { namespace, name }, data: { a: '1', b: '2' } },
    { fieldManager: 'm' },
  );
  await client.apply(
    configMaps,
    { metadata: { namespace, name }, data: { c: '3' } },
    { fieldManager: 'other' },
  );
  const two = await client.apply(
    configMaps,
    { metadata: { namespace, name }, data: { a: '1' } },
    { fieldManager: 'm' },
  );
  expect(two.data).toEqual({ a: '1', c: '3' });
  await client.delete(configMaps, { namespace, name });
  const late = client.apply(
    configMaps,
    { metadata: { namespace, name }, data: { a: '1' } },
    { fieldManager: 'm', uid: one.metadata.uid },
  );
  await expect(late).rejects.toEqual(code('Conflict'));
});

test('what is refused for a while is sent again, as late as the server asks', async () => {
  let refusals = 0;
  proxy.decide(() =>
    refusals++ < 2 ? { kind: 'answer', status: refusals === 1 ? 429 : 503, retryAfterSeconds: 1 } : undefined,
  );
  const start = performance.now();
  await client.create(configMaps, configMap(namespace, 'patient', '1'));
  expect(refusals).toBe(3);
  expect(performance.now() - start).toBeGreaterThan(1900);
});

test('a lost reply is asked for again where that may be, and said where not', async () => {
  let lost = 0;
  const loseOne = () => (lost++ === 0 ? { kind: 'loseReply' as const } : undefined);
  proxy.decide(loseOne);
  const applied = await client.apply(configMaps, configMap(namespace, 'twice', '1'), { fieldManager: 'm' });
  expect([applied.data, lost]).toEqual([{ value: '1' }, 2]);
  lost = 0;
  await expect(client.create(configMaps, configMap(namespace, 'once', '1'))).rejects.toEqual(
    code('Unreachable'),
  );
  expect(lost).toBe(1);
  expect(await client.get(configMaps, { namespace, name: 'once' })).toBeDefined();
});

test('a call ends at its limit, at its signal, and at its size', async () => {
  proxy.decide(() => ({ kind: 'hang' }));
  await expect(client.get(configMaps, { namespace, name: 'a' }, { timeoutMs: 200 })).rejects.toEqual(
    code('Timeout'),
  );
  const stop = new AbortController();
  const called = client.get(configMaps, { namespace, name: 'a' }, { signal: stop.signal });
  stop.abort();
  await expect(called).rejects.toEqual(code('Aborted'));
  proxy.decide(undefined);
  const big = 'x'.repeat(900_000);
  for (const name of ['big-1', 'big-2', 'big-3']) {
    await client.create(configMaps, configMap(namespace, name, big));
  }
  await expect(client.list(configMaps, { namespace })).rejects.toEqual(code('BadResponse'));
  expect((await client.list(configMaps, { namespace, limit: 1 })).continue).toBeDefined();
});

test('a guarded client writes nothing when its guard says no, not even again, and reads on', async () => {
  let may = true;
  const guarded = client.guarded(() => may);
  proxy.decide(() => {
    may = false;
    return { kind: 'answer', status: 429 };
  });
  await expect(guarded.create(configMaps, configMap(namespace, 'guarded', '1'))).rejects.toEqual(
    code('WriteRefused'),
  );
  proxy.decide(undefined);
  const sent = proxy.requests.length;
  await expect(guarded.delete(configMaps, { namespace, name: 'verbs' })).rejects.toEqual(
    code('WriteRefused'),
  );
  expect(proxy.requests.length).toBe(sent);
  expect(await guarded.get(configMaps, { namespace, name: 'verbs' })).toBeDefined();
});

test('errors are one sentence with verb, object and cause, and quote nothing of a Secret', async () => {
  const missing: ResourceType = {
    group: 'no.such',
    version: 'v1',
    plural: 'things',
    kind: 'Thing',
    namespaced: true,
  };
  const taken = client.create(configMaps, configMap(namespace, 'verbs', '1'));
  await expect(taken).rejects.toThrow(
    `Cannot create configmaps ${namespace}/verbs: configmaps "verbs" already exists (409 AlreadyExists).`,
  );
  await expect(client.list(missing)).rejects.toEqual(code('NotFound'));
  const bad = { metadata: { namespace, name: 'bad' }, data: { key: 'not base64: hunter2' } };
  const refused = await client.create(secrets, bad).catch((error: KubeApiError) => error);
  expect(refused).toEqual(code('BadRequest'));
  expect(JSON.stringify([refused, String(refused)])).not.toContain('hunter2');
});

test('each attempt is observed with verb, resource, status and time', async () => {
  observed.length = 0;
  await client.get(configMaps, { namespace, name: 'missing' });
  await client.list(configMaps, { namespace, limit: 1 });
  expect(observed).toEqual([
    { verb: 'get', resource: 'configmaps', status: 404, seconds: expect.any(Number) },
    { verb: 'list', resource: 'configmaps', status: 200, seconds: expect.any(Number) },
  ]);
});
