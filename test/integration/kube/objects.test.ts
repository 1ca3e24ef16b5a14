import {
  applyStatusIfChanged,
  type Condition,
  Controller,
  configMaps,
  EventRecorder,
  events,
  Informer,
  type KubeClient,
  type KubeObject,
  type Logger,
  type ResourceType,
  refOf,
  setCondition,
} from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { clientOf, configMap, eventually, makeNamespace, silent } from './server.ts';

interface Widget extends KubeObject {
  spec?: { size?: number };
  status?: { address?: string; model?: string; conditions?: Condition[] };
}
const widgets: ResourceType<Widget> = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};
interface Definition extends KubeObject {
  spec: object;
}
const definitions: ResourceType<Definition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const text = { type: 'string' };
const condition = {
  type: 'object',
  required: ['type'],
  properties: { type: text, status: text, reason: text, message: text, lastTransitionTime: text },
};
const definition = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
              status: {
                type: 'object',
                properties: {
                  address: text,
                  model: text,
                  conditions: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['type'],
                    items: condition,
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

let cluster: ControlPlane;
let client: KubeClient;
let namespace: string;
const stop = new AbortController();
const running: Promise<void>[] = [];

function run<T extends KubeObject>(informer: Informer<T>): Informer<T> {
  running.push(informer.run(stop.signal));
  return informer;
}

beforeAll(async () => {
  cluster = await startControlPlane();
  client = clientOf(cluster);
  namespace = await makeNamespace(client, 'objects');
}, 600_000);

afterAll(async () => {
  stop.abort();
  await Promise.all(running);
  await client?.close();
  await cluster?.stop();
});

test('an informer whose CRD is missing says so once, and syncs when it comes', async () => {
  const warnings: string[] = [];
  const logger: Logger = { ...silent, warn: (_fields, message) => warnings.push(message) };
  const timings = { backoff: { baseMs: 50, maxMs: 200 } };
  const informer = run(new Informer({ client, type: widgets, logger, timings }));
  await eventually(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toContain('does not know widgets.example.com/v1: install its CRD');
  await client.create(definitions, definition);
  await informer.synced;
  expect(warnings).toHaveLength(1);
  await client.create(widgets, { metadata: { name: 'first', namespace }, spec: { size: 1 } });
  await eventually(() => expect(informer.get(`${namespace}/first`)?.spec).toEqual({ size: 1 }));
}, 120_000);

test('a write that asks for metadata alone stores all, and is refused in the same words', async () => {
  const short = { metadataAlone: true };
  const name = 'short';
  const made = await client.create(configMaps, { metadata: { name, namespace }, data: { a: '1' } }, short);
  expect(made.data).toBeUndefined();
  const written = await client.update(configMaps, { ...made, data: { a: '2' } }, short);
  expect(written.data).toBeUndefined();
  const stored = await client.get(configMaps, { name, namespace });
  expect(stored).toMatchObject({ data: { a: '2' }, metadata: written.metadata });
  await expect(client.update(configMaps, { ...made, data: {} }, short)).rejects.toMatchObject({
    code: 'Conflict',
    message: expect.stringContaining(`update configmaps ${namespace}/${name}`),
  });
  const again = client.create(configMaps, { metadata: { name, namespace } }, short);
  await expect(again).rejects.toMatchObject({ code: 'AlreadyExists' });
});

test('two managers write their parts of one status, each only on a change, and take back what they omit', async () => {
  const name = 'shared';
  const mine = { fieldManager: 'a', owned: { fields: ['address'], conditions: ['Allocated', 'Ready'] } };
  const theirs = { fieldManager: 'b', owned: { fields: ['model'], conditions: ['Connected'] } };
  const now = Date.parse('2026-01-02T03:04:05Z');
  const ok = { status: 'True' as const, reason: 'Ok', message: '' };
  let widget = await client.create(widgets, { metadata: { name, namespace } });
  const allocated = setCondition(undefined, { type: 'Allocated', ...ok }, now);
  const both = setCondition(allocated, { type: 'Ready', ...ok }, now);

  const applied = async (status: NonNullable<Widget['status']>, by: typeof mine): Promise<Widget> => {
    const written = await applyStatusIfChanged(client, widgets, widget, status, by);
    // The reply is the metadata alone.
    expect(written).toEqual({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: expect.anything() });
    const whole = await client.get(widgets, { namespace, name });
    expect(whole?.metadata).toEqual(written?.metadata);
    return whole ?? widget;
  };

  const first = { address: '10.0.0.1', conditions: both };
  widget = await applied(first, mine);
  const connected = { model: 'x', conditions: setCondition(undefined, { type: 'Connected', ...ok }, now) };
  widget = await applied(connected, theirs);
  expect(widget.status).toMatchObject({ address: '10.0.0.1', model: 'x' });
  expect(widget.status?.conditions?.map(({ type }) => type).sort()).toEqual([
    'Allocated',
    'Connected',
    'Ready',
  ]);

  expect(await applyStatusIfChanged(client, widgets, widget, first, mine)).toBeUndefined();
  expect(await applyStatusIfChanged(client, widgets, widget, connected, theirs)).toBeUndefined();

  const less = { conditions: allocated };
  widget = await applied(less, mine);
  expect(widget.status).not.toHaveProperty('address');
  expect(widget.status?.model).toBe('x');
  expect(widget.status?.conditions?.map(({ type }) => type).sort()).toEqual(['Allocated', 'Connected']);
  expect(await applyStatusIfChanged(client, widgets, widget, less, mine)).toBeUndefined();

  const late = () => applyStatusIfChanged(client, widgets, widget, { address: '10.0.0.2' }, mine);
  await client.delete(widgets, { namespace, name });
  await expect(late()).rejects.toMatchObject({ code: 'NotFound' });
  expect(await client.get(widgets, { namespace, name })).toBeUndefined();
  await client.create(widgets, { metadata: { name, namespace } });
  await expect(late()).rejects.toMatchObject({ code: 'Conflict' });
  expect((await client.get(widgets, { namespace, name }))?.status).toBeUndefined();
}, 60_000);

test('the server takes an Event of the longest note, and its series', async () => {
  const recorder = new EventRecorder({
    client,
    reportingController: 'example.com/test',
    reportingInstance: 'pod-1',
    logger: silent,
  });
  const about = await client.create(configMaps, configMap(namespace, 'noted', '1'));
  const event = {
    regarding: refOf({ ...about, apiVersion: 'v1', kind: 'ConfigMap' }),
    type: 'Normal' as const,
    reason: 'Noted',
    action: 'Noting',
    note: 'ö'.repeat(2000),
  };
  for (let i = 0; i < 5; i++) recorder.record(event);
  recorder.record({ ...event, regarding: { apiVersion: 'v1', kind: 'Namespace', name: namespace } });
  await recorder.close(10_000);
  expect(recorder.dropped).toBe(0);
  const { items } = await client.list(events, { namespace });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ reason: 'Noted', series: { count: 5 }, regarding: { name: 'noted' } });
  const cluster = await client.list(events, { namespace: 'default', fieldSelector: 'reason=Noted' });
  expect(cluster.items).toHaveLength(1);
}, 60_000);

test('a reconcile never sees a cache from before its own last write', async () => {
  const own = await makeNamespace(client, 'counting');
  const informer = new Informer({ client, type: configMaps, namespace: own, logger: silent });
  const key = `${own}/counter`;
  const stale: string[] = [];
  let last = 0;
  const controller = new Controller({
    name: 'counter',
    logger: silent,
    concurrency: 4,
    async reconcile(_key, { signal, wrote }) {
      const cached = informer.get(key);
      if (cached === undefined) return undefined;
      const seen = Number(cached.data?.value);
      if (seen < last) stale.push(`${seen} after ${last}`);
      if (seen >= 200) return undefined;
      last = seen + 1;
      // No precondition: a stale read would count twice and be seen.
      const written = await client.patch(
        configMaps,
        { namespace: own, name: 'counter' },
        { data: { value: String(last) } },
        { signal },
      );
      wrote(informer, written);
      controller.enqueue(key);
      return undefined;
    },
  });
  controller.watches(informer);
  run(informer);
  running.push(controller.run(stop.signal));
  await client.create(configMaps, configMap(own, 'counter', '0'));
  await eventually(() => expect(informer.get(key)?.data?.value).toBe('200'));
  expect(stale).toEqual([]);
  expect(controller.outcomes).toMatchObject({ error: 0, terminalError: 0 });
}, 120_000);
