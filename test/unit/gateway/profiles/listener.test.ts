import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RouterProfileSpec } from '../../../../src/api/index.ts';
import { listenedMenus } from '../../../../src/gateway/profiles/listened-menus.ts';
import { Listener, type ListenerOptions } from '../../../../src/gateway/profiles/listener.ts';
import { MOST_FRUITLESS, pauseAfterNews } from '../../../../src/gateway/profiles/news-pace.ts';
import { systemClock } from '../../../../src/kube/index.ts';
import { RouterOsApi } from '../../../../src/routeros/index.ts';
import { RouterOs } from '../../../simulator/engine/index.ts';
import { serveApi } from '../../../simulator/machine/api/without-linux.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex | undefined) =>
    new Duplex({
      read() {},
      write: (chunk, _encoding, done) => {
        other()?.push(chunk);
        done();
      },
      destroy: (error, done) => {
        other()?.push(null);
        done(error);
      },
    });
  ends.push(
    make(() => ends[1]),
    make(() => ends[0]),
  );
  return ends as [Duplex, Duplex];
}

/** Routers by name, each a simulated one, and a listener to them. */
class Scene {
  readonly routers = new Map<string, RouterOs>();
  readonly open = new Set<RouterOsApi>();
  readonly news: { router: string; afterMs: number }[] = [];
  readonly abort = new AbortController();
  logIns = 0;
  readonly listener: Listener;

  constructor(options: Partial<ListenerOptions> = {}) {
    this.listener = new Listener({
      places: 10,
      open: (router, _ms, signal) => this.#logIn(router, signal),
      onNews: (router, afterMs) => this.news.push({ router, afterMs }),
      logger: quiet,
      random: () => 0.5,
      clock: systemClock,
      signal: this.abort.signal,
      ...options,
    });
  }

  router(name: string): RouterOs {
    const known = this.routers.get(name);
    if (known !== undefined) return known;
    const made = new RouterOs({
      version: '7.16.2',
      board: 'hAP ax2',
      serialNumber: 'HD508',
      defaultFirewall: true,
      now: Date.now,
    });
    this.routers.set(name, made);
    return made;
  }

  async #logIn(router: string, signal: AbortSignal): Promise<RouterOsApi> {
    this.logIns += 1;
    const [near, far] = pair();
    serveApi(far, { os: this.router(router), saysEmpty: false });
    const api = new RouterOsApi(near);
    near.on('close', () => this.open.delete(api));
    this.open.add(api);
    await api.login('admin', '', { signal });
    return api;
  }

  type(router: string, line: string): void {
    expect(this.router(router).terminal().paste(line)).toBe('');
  }
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('in vain');
    await sleep(5);
  }
}

const POOL = ['/ip/pool'];
/** For what must not happen. */
const settled = () => sleep(30);

let turn = 0;
/** Changes something until that is news: listening begins when it begins. */
async function untilHeard(router: string, count: number, menu = '/ip/pool'): Promise<void> {
  await until(() => {
    turn += 1;
    const rest = menu === '/ip/pool' ? 'ranges=10.9.9.9' : `address=10.7.${turn % 250}.7/24 interface=bridge`;
    if (scene.news.length < count)
      scene.type(router, `${menu}/add ${menu === '/ip/pool' ? `name=x${turn} ` : ''}${rest}`);
    return scene.news.length >= count;
  });
}

let scene: Scene;
afterEach(() => scene?.abort.abort());

test('a change in a menu of ours is news, once until it was looked at; others are none', async () => {
  scene = new Scene();
  scene.listener.looked('a', 'wg0', POOL, 1);
  await until(() => scene.open.size === 1);
  scene.type('a', '/ip/dns/set servers=9.9.9.9');
  await settled();
  expect(scene.news).toEqual([]);
  await untilHeard('a', 1);
  scene.type('a', '/ip/pool/add name=y ranges=10.9.9.9');
  scene.type('a', '/ip/dns/set servers=9.9.9.8');
  await settled();
  expect(scene.news).toEqual([{ router: 'a', afterMs: pauseAfterNews(0) }]);
  scene.listener.looked('a', 'wg0', POOL, 1);
  await untilHeard('a', 2);
  expect(scene.logIns).toBe(1);
});

test('looks that find nothing come more and more seldom, and at last it is not listened to', async () => {
  scene = new Scene();
  scene.listener.looked('a', 'wg0', POOL, 0);
  await untilHeard('a', 1);
  for (let look = 1; look < MOST_FRUITLESS; look++) {
    scene.listener.looked('a', 'wg0', POOL, 0);
    await untilHeard('a', look + 1);
  }
  const pauses = scene.news.map(({ afterMs }) => afterMs);
  expect(pauses).toEqual(pauses.toSorted((one, other) => one - other));
  expect(pauses.at(-1)).toBe(pauseAfterNews(MOST_FRUITLESS - 1));
  scene.listener.looked('a', 'wg0', POOL, 0);
  await until(() => scene.open.size === 0);
  expect(scene.listener.count).toBe(0);
});

test('there are no more than there are places, and they go round', async () => {
  scene = new Scene({ places: 4, holdMs: 100 });
  let most = 0;
  const heard = new Set<string>();
  const names = Array.from({ length: 9 }, (_, at) => `r${at}`);
  for (const name of names) scene.router(name);
  for (const name of names) scene.listener.looked(name, name < 'r6' ? 'wg0' : 'wg1', POOL, 0);
  await until(() => scene.listener.count === 4);
  const end = Date.now() + 10_000;
  while (heard.size < names.length && Date.now() < end) {
    most = Math.max(most, scene.open.size, scene.listener.count);
    for (const name of names) {
      const before = scene.news.length;
      scene.type(name, `/ip/pool/add name=x${Math.random()} ranges=10.9.9.9`);
      await sleep(2);
      for (const { router } of scene.news.slice(before)) {
        heard.add(router);
        scene.listener.looked(router, router < 'r6' ? 'wg0' : 'wg1', POOL, 1);
      }
    }
  }
  expect([...heard].sort()).toEqual(names);
  expect(most).toBe(4);
});

test('one tunnel has half of the places while others wait, and all while none does', async () => {
  scene = new Scene({ places: 4 });
  for (const name of ['a', 'b', 'c', 'd']) scene.listener.looked(name, 'wg0', POOL, 0);
  await until(() => scene.listener.count === 4);
  for (const name of ['e', 'f', 'g']) scene.listener.looked(name, 'wg1', POOL, 0);
  for (const name of ['h', 'i']) scene.listener.looked(name, 'wg0', POOL, 0);
  for (const name of ['a', 'b']) scene.listener.stop(name);
  await until(() => scene.routers.has('e') && scene.routers.has('f') && scene.listener.count === 4);
  expect([...scene.routers.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('nothing is left when a router goes, has no profile any more, or the agent ends', async () => {
  scene = new Scene();
  for (const name of ['a', 'b', 'c']) scene.listener.looked(name, `wg-${name}`, POOL, 0);
  await until(() => scene.open.size === 3);
  scene.listener.stop('a');
  scene.listener.looked('b', 'wg-b', [], 0);
  await until(() => scene.open.size === 1 && scene.listener.count === 1);
  scene.abort.abort();
  await until(() => scene.open.size === 0 && scene.listener.count === 0);
  scene.listener.looked('d', 'wg-d', POOL, 0);
  await settled();
  expect(scene.open.size).toBe(0);
});

test('other menus are listened to at once, and one that is not there does not keep from the others', async () => {
  scene = new Scene();
  scene.listener.looked('a', 'wg0', ['/no/such', '/ip/pool'], 0);
  await untilHeard('a', 1);
  scene.listener.looked('a', 'wg0', ['/ip/address'], 1);
  await until(() => scene.logIns === 2 && scene.open.size === 1);
  await untilHeard('a', 2, '/ip/address');
});

test('a router that can be listened to in no menu is not logged in to again and again', async () => {
  scene = new Scene();
  scene.listener.looked('a', 'wg0', ['/no/such'], 0);
  await until(() => scene.logIns === 1);
  await until(() => scene.open.size === 0);
  scene.listener.looked('a', 'wg0', ['/no/such'], 0);
  await settled();
  expect(scene.logIns).toBe(1);
});

test('without places nobody is listened to', async () => {
  scene = new Scene({ places: 0 });
  scene.listener.looked('a', 'wg0', POOL, 0);
  await settled();
  expect(scene.logIns).toBe(0);
});

test('menus are those with rows of profiles that are kept, each once and a bounded number', () => {
  const spec: RouterProfileSpec = {
    resources: [
      { path: '/ip/dns', set: { servers: '1.1.1.1' } },
      { path: '/ip/pool', match: { name: 'a' }, set: { ranges: '10.0.0.1' } },
      { path: '/ip/pool', match: { name: 'b' }, set: { ranges: '10.0.0.2' } },
    ],
    lists: [{ path: '/ip/firewall/filter', rows: [{ set: { chain: 'input' } }] }],
  };
  expect(listenedMenus([{ mode: 'apply', spec }])).toEqual(['/ip/pool', '/ip/firewall/filter']);
  expect(listenedMenus([{ mode: 'report', spec }])).toHaveLength(2);
  expect(
    listenedMenus([
      { mode: 'plan', spec },
      { mode: 'hold', spec },
    ]),
  ).toEqual([]);
  const many = Array.from({ length: 30 }, (_, at) => ({
    path: `/m/${at}`,
    match: { a: 'b' },
    set: { a: 'b' },
  }));
  expect(listenedMenus([{ mode: 'apply', spec: { resources: many } }])).toHaveLength(16);
});

test('a router that tells without end is not listened to any more', async () => {
  scene = new Scene();
  scene.listener.looked('a', 'wg0', POOL, 0);
  await untilHeard('a', 1);
  const pools = Array.from({ length: 40 }, (_, at) => `/ip/pool/add name=n${at} ranges=10.9.9.9`).join('\n');
  scene.type('a', pools);
  const end = Date.now() + 20_000;
  for (let round = 0; scene.open.size > 0 && Date.now() < end; round++) {
    scene.type('a', `/ip/pool/set [find] ranges=10.9.9.${round % 250}`);
    await sleep(1);
  }
  expect(scene.open.size).toBe(0);
});
