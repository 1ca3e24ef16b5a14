import {
  type Change,
  type ConfigMap,
  configMaps,
  Informer,
  type InformerOptions,
  KubeApiError,
  type KubeObject,
  type ListOptions,
  type ListWatcher,
  type ObjectList,
  type WatchEvent,
  type WatchOptions,
} from '../../../src/kube/index.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingLogger } from './recording-logger.ts';

function configMap(
  name: string,
  version: number,
  labels: Record<string, string> = {},
  uid = `uid-${name}`,
): ConfigMap {
  const metadata = {
    name,
    namespace: 'n',
    uid,
    resourceVersion: String(version),
    labels,
    managedFields: [{}],
  };
  return { metadata } as unknown as ConfigMap;
}
const list = (version: number, items: ConfigMap[] = [], more: object = {}): ObjectList<ConfigMap> => ({
  items,
  resourceVersion: String(version),
  ...more,
});
const expired = () => new KubeApiError('Expired', 'Too old.', { status: 410 });
const added = (name: string, version: number): WatchEvent<ConfigMap> => ({
  type: 'ADDED',
  object: configMap(name, version),
});
const bookmark = (version: number | bigint): WatchEvent<ConfigMap> => ({
  type: 'BOOKMARK',
  resourceVersion: String(version),
});

type Reply = ObjectList<ConfigMap> | Error;
/** What a watch says, then how it ends; `open`: not at all. */
type Script = { events?: WatchEvent<ConfigMap>[]; end: 'open' | 'closed' | Error };

/** A server that answers from two scripts; when the watches' is used up, they stay open. */
function setUp(lists: Reply[], watches: Script[], options: Partial<InformerOptions<ConfigMap>> = {}) {
  const clock = new FakeClock();
  const logger = recordingLogger();
  const listed: ListOptions[] = [];
  const watched: WatchOptions[] = [];
  const client = {
    async list(_type: unknown, asked: ListOptions) {
      listed.push(asked);
      const reply = lists.length > 1 ? lists.shift() : lists[0];
      if (reply instanceof Error) throw reply;
      return structuredClone(reply);
    },
    async *watch(_type: unknown, asked: WatchOptions) {
      watched.push(asked);
      const script = watches.shift() ?? { end: 'open' };
      yield* script.events ?? [];
      if (script.end === 'open') {
        await new Promise((resolve) => asked.signal.addEventListener('abort', resolve));
      }
      if (script.end instanceof Error) throw script.end;
    },
  } as unknown as ListWatcher;
  const informer = new Informer<ConfigMap>({
    client,
    type: configMaps,
    logger,
    clock,
    random: () => 0.5,
    ...options,
  });
  const changes: string[] = [];
  informer.onChange(({ type, key, object }: Change<ConfigMap>) => {
    changes.push(`${type} ${key}@${object.metadata.resourceVersion}`);
  });
  const stop = new AbortController();
  const ended = informer.run(stop.signal);
  const end = async () => {
    stop.abort();
    await clock.advance(0);
    await ended;
  };
  return { clock, logger, listed, watched, informer, changes, end };
}

test('an informer lists in pages, then watches from the list with bookmarks asked for and a random end', async () => {
  const { clock, listed, watched, informer, changes, end } = setUp(
    [list(10, [configMap('a', 3)], { continue: 'next' }), list(10, [configMap('b', 5)])],
    [],
  );
  await informer.synced;
  await clock.advance(0);
  expect(listed).toMatchObject([
    { limit: 500, continue: undefined },
    { limit: 500, continue: 'next' },
  ]);
  expect(watched).toMatchObject([{ resourceVersion: '10', timeoutSeconds: 450, inactivityMs: 150_000 }]);
  expect(changes).toEqual(['added n/a@3', 'added n/b@5']);
  await end();
});

test('a page whose snapshot is gone makes it list all at once', async () => {
  const { listed, informer, end } = setUp(
    [list(10, [configMap('a', 3)], { continue: 'next' }), expired(), list(12, [configMap('b', 5)])],
    [],
  );
  await informer.synced;
  expect(listed.at(-1)).toMatchObject({ limit: undefined, continue: undefined });
  expect(informer.keys()).toEqual(['n/b']);
  await end();
});

test('after any end but 410 it watches on from the last version, bookmarks included, without a list', async () => {
  const { clock, listed, watched, changes, end } = setUp(
    [list(10)],
    [
      { events: [added('a', 11)], end: new KubeApiError('Unreachable', 'Reset.') },
      { events: [bookmark(20)], end: 'closed' },
      { end: new KubeApiError('TooManyRequests', 'Later.') },
      { end: new KubeApiError('ServerError', 'Oops.') },
      { end: new KubeApiError('Unauthorized', 'Who?') },
      { events: [added('b', 21)], end: 'open' },
    ],
  );
  await clock.advance(60_000);
  expect(watched.map(({ resourceVersion }) => resourceVersion)).toEqual(['10', '11', '20', '20', '20', '20']);
  expect(listed).toHaveLength(1);
  expect(changes).toEqual(['added n/a@11', 'added n/b@21']);
  await end();
});

test('after 410 it lists again and tells the differences, a replaced object as deleted and added', async () => {
  const { clock, changes, end } = setUp(
    [
      list(10, [
        configMap('goes', 1),
        configMap('stays', 2),
        configMap('changes', 3),
        configMap('replaced', 4),
      ]),
      list(30, [
        configMap('stays', 2),
        configMap('changes', 22),
        configMap('replaced', 25, {}, 'other'),
        configMap('new', 26),
      ]),
    ],
    [{ end: expired() }],
  );
  await clock.advance(0);
  changes.length = 0;
  await clock.advance(5000);
  expect(changes.sort()).toEqual([
    'added n/new@26',
    'added n/replaced@25',
    'deleted n/goes@1',
    'deleted n/replaced@4',
    'updated n/changes@22',
  ]);
  await end();
});

test.each([
  ['a watch that goes back in versions', [{ events: [bookmark(9)], end: 'open' as const }]],
  [
    'three silent watches in a row',
    Array.from({ length: 3 }, () => ({ end: new KubeApiError('Timeout', 'Silent.') })),
  ],
  ['an unreadable line', [{ end: new KubeApiError('BadResponse', 'Not JSON.') }]],
])('%s make it list again', async (_why, watches) => {
  const { clock, listed, end } = setUp([list(10)], watches);
  await clock.advance(120_000);
  expect(listed).toHaveLength(2);
  await end();
});

test('it waits between failures, ever longer up to 30 s, and as long as the server asks', async () => {
  const { clock, listed, end } = setUp([new KubeApiError('ServerError', 'Oops.')], []);
  await clock.advance(600);
  expect(listed).toHaveLength(2);
  await clock.advance(600_000);
  const soFar = listed.length;
  await clock.advance(225_000);
  expect(listed.length - soFar).toBe(10);
  await end();
  const asked = setUp([new KubeApiError('TooManyRequests', 'Later.', { retryAfterMs: 10_000 }), list(1)], []);
  await asked.clock.advance(9_999);
  expect(asked.listed).toHaveLength(1);
  await asked.clock.advance(1);
  expect(asked.listed).toHaveLength(2);
  await asked.end();
});

test('a list that works between watches that are gone does not become a busy loop', async () => {
  const { clock, listed, end } = setUp(
    [list(10)],
    Array.from({ length: 500 }, () => ({ end: expired() })),
  );
  await clock.advance(300_000);
  expect(listed.length).toBeLessThan(25);
  await end();
});

test('a missing CRD is one clear line and a retry; its coming is one more', async () => {
  const missing = new KubeApiError('NotFound', 'No such resource.', { status: 404 });
  const { clock, logger, informer, end } = setUp([missing, missing, missing, list(5)], []);
  await clock.advance(30_000);
  await informer.synced;
  expect(logger.messages('warn')).toEqual([
    'The server does not know configmaps.core/v1: install its CRD; trying again.',
  ]);
  expect(logger.messages('info')).toEqual(['Listing and watching configmaps again.']);
  await end();
});

test('objects are stored lean, typed and transformed; a transform that throws costs only itself', async () => {
  const { clock, informer, logger, end } = setUp([list(10, [configMap('a', 3), configMap('bad', 4)])], [], {
    transform: (object) => {
      if (object.metadata.name === 'bad') throw new Error('no');
      delete object.metadata.labels;
      return object;
    },
  });
  await clock.advance(0);
  expect(informer.get('n/a')).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'n', uid: 'uid-a', resourceVersion: '3' },
  });
  expect(informer.get('n/bad')?.metadata).not.toHaveProperty('managedFields');
  expect(logger.messages('error')).toHaveLength(1);
  await end();
});

test('objects are found by index through changes and deletions', async () => {
  const gone = configMap('a', 12, { team: 'blue' });
  const { clock, informer, end } = setUp(
    [list(10, [configMap('a', 3, { team: 'red' }), configMap('b', 4, { team: 'red' })])],
    [
      {
        events: [
          { type: 'MODIFIED', object: configMap('a', 11, { team: 'blue' }) },
          { type: 'DELETED', object: { ...gone } },
        ],
        end: 'open',
      },
    ],
    { indexes: { team: ({ metadata }: KubeObject) => Object.values(metadata.labels ?? {}) } },
  );
  await clock.advance(0);
  expect(informer.byIndex('team', 'red').map(({ metadata }) => metadata.name)).toEqual(['b']);
  expect(informer.byIndex('team', 'blue')).toEqual([]);
  expect(() => informer.byIndex('colour', 'red')).toThrow(/no index colour/);
  await end();
});

test('a handler that throws keeps neither the others nor the store from a change', async () => {
  const { clock, informer, changes, logger, end } = setUp(
    [list(10)],
    [{ events: [added('a', 11)], end: 'open' }],
  );
  informer.onChange(() => {
    throw new Error('handler');
  });
  const late: string[] = [];
  const off = informer.onChange(({ key }) => late.push(key));
  await clock.advance(0);
  expect([changes, late, informer.size]).toEqual([['added n/a@11'], ['n/a'], 1]);
  expect(logger.messages('error')).toEqual(['A handler of changes failed; the informer goes on.']);
  off();
  await end();
});

test('it tells which versions it has reached, as integers beyond doubles', async () => {
  const { clock, informer, end } = setUp(
    [list(9)],
    [{ events: [bookmark(10), bookmark(9007199254740993n)], end: 'open' }],
  );
  expect(informer.hasReached('1')).toBe(false);
  await clock.advance(0);
  expect(informer.hasReached('9')).toBe(true);
  expect(informer.hasReached('9007199254740993')).toBe(true);
  expect(informer.hasReached('9007199254740994')).toBe(false);
  await end();
});

test('stopped before its first list it says so to who waits, and to nobody else', async () => {
  const { informer, end } = setUp([new KubeApiError('ServerError', 'Oops.')], []);
  await end();
  await expect(informer.synced).rejects.toMatchObject({ code: 'Stopped' });
  expect(informer.hasSynced).toBe(false);
});
