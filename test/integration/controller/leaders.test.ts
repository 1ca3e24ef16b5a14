/** Two controllers, and an API server that goes away: one works at a time, and what was given is given once. */
import { jest } from '@jest/globals';
import { ControllerHarness, type RunningController, until } from './harness.ts';

jest.setTimeout(180_000);

let harness: ControllerHarness;
const running: RunningController[] = [];
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addClass('standard');
  await harness.addNode('node-1');
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop().catch(() => {})));
  await harness?.stop();
});

async function start(): Promise<RunningController> {
  const controller = harness.newController();
  running.push(controller);
  await until('it has synced', () => controller.isReady);
  return controller;
}

/** Routers made without waiting, so that they are in every state of being served at any moment. */
function flood(tenant: string, count: number): { keys: string[]; made: Promise<unknown> } {
  const keys = Array.from({ length: count }, (_, i) => `a/${tenant}-${i}`);
  const made = (async () => {
    for (const key of keys) {
      await harness.addRouter(key, { tenant });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return { keys, made };
}

async function expectNoDuplicates(): Promise<void> {
  const routers = await harness.routers('a');
  for (const field of ['address', 'publicKey', 'script'] as const) {
    expect(new Set(routers.map(({ status }) => status?.[field])).size).toBe(routers.length);
  }
  const tunnels = await harness.tunnels();
  for (const field of ['index', 'subnet', 'listenPort', 'publicKey'] as const) {
    expect(new Set(tunnels.map(({ status }) => status?.[field])).size).toBe(tunnels.length);
  }
  for (const { status, spec } of tunnels) {
    const own = routers.filter((router) => router.spec.tenant === spec.tenant);
    await until('all are peers', async () => (await harness.peers(status?.index)).length === own.length);
  }
}

test('the second stands by; when the first is ended in the middle of work it goes on, with nothing lost or twice', async () => {
  const first = await start();
  await until('the first leads', () => first.leads);
  const second = await start();
  const { keys, made } = flood('ended', 60);
  await until(
    'some are served',
    async () => (await harness.routers('a')).filter((r) => r.status?.script).length > 10,
  );
  const given = new Map(
    (await harness.routers('a'))
      .filter((r) => r.status?.script)
      .map((r) => [`a/${r.metadata.name}`, r.status]),
  );
  expect(second.leads).toBe(false);
  await first.stop();
  await until('the second leads', () => second.leads);
  await made;
  for (const key of keys) await harness.granted(key);
  for (const [key, status] of given) {
    expect(await harness.granted(key)).toMatchObject({ address: status?.address, script: status?.script });
  }
  await expectNoDuplicates();
});

test('when the leader is cut off in the middle of work, the other takes over, and the cut one ends', async () => {
  const [, leader] = running;
  const other = await start();
  const { keys, made } = flood('cut', 60);
  await until(
    'some are served',
    async () => (await harness.router(keys[5] ?? ''))?.status?.script !== undefined,
  );
  await leader?.cut();
  await until('the other leads', () => other.leads, 60_000);
  await expect(leader?.done).rejects.toThrow(/the leader Lease went to another replica|Lease/i);
  await made;
  for (const key of keys) await harness.granted(key);
  await expectNoDuplicates();
});

test('an API server that is restarted: whoever leads then, nothing given changes, and what is applied is served', async () => {
  const routers = (await harness.routers('a')).map(({ metadata, status }) => [metadata.name, status]);
  const leader = running.at(-1);
  // A leader that cannot renew for ten seconds ends, and Kubernetes starts it again.
  const restarting = leader?.done.catch(() => start());
  await harness.plane.restartApiServer();
  const { keys, made } = flood('restarted', 10);
  await made;
  for (const key of keys) await harness.granted(key);
  const after = new Map((await harness.routers('a')).map(({ metadata, status }) => [metadata.name, status]));
  for (const [name, status] of routers) expect(after.get(String(name))).toEqual(status);
  await expectNoDuplicates();
  await leader?.stop().catch(() => {});
  await restarting;
});
