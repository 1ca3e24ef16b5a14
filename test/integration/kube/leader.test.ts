import { type KubeClient, LeaderElector, leases } from '../../../src/kube/index.ts';
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../testbed/fault-proxy.ts';
import { clientOf, eventually, makeNamespace, silent } from './server.ts';

let cluster: ControlPlane;
let admin: KubeClient;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await startControlPlane();
  admin = clientOf(cluster);
}, 600_000);

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

afterAll(async () => {
  await admin?.close();
  await cluster?.stop();
});

/** A contender that reaches the server through a proxy of its own. */
async function contender(namespace: string, identity: string) {
  const proxy: FaultProxy = await startFaultProxy(cluster.url, cluster.caFile);
  const client = clientOf(cluster, {}, proxy.url);
  const elector = new LeaderElector({
    client,
    lease: { namespace, name: 'lock' },
    identity,
    logger: silent,
    leaseDurationMs: 3000,
    renewDeadlineMs: 2000,
    retryPeriodMs: 200,
  });
  const stop = new AbortController();
  const state = { elector, proxy, stop, working: false, outcome: '' };
  const ended = elector
    .run(stop.signal, async (signal) => {
      state.working = true;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      state.working = false;
    })
    .then((outcome) => {
      state.outcome = outcome;
    });
  ends.push(async () => {
    stop.abort();
    await ended;
    await client.close();
    await proxy.stop();
  });
  return state;
}

/** Looks at both each few milliseconds; the result tells how often both were seen to lead. */
function watchBoth(a: { elector: LeaderElector }, b: { elector: LeaderElector }) {
  let both = 0;
  const timer = setInterval(() => {
    if (a.elector.isLeader() && b.elector.isLeader()) both++;
  }, 5);
  return () => {
    clearInterval(timer);
    return both;
  };
}

test('when the leader hangs, the other follows, and never do both lead', async () => {
  const namespace = await makeNamespace(admin, 'hangs');
  const a = await contender(namespace, 'a');
  await eventually(() => expect(a.elector.isLeader()).toBe(true));
  const b = await contender(namespace, 'b');
  const both = watchBoth(a, b);
  await eventually(() => expect(b.elector.holder).toBe('a'));

  a.proxy.decide(() => ({ kind: 'hang' }));
  a.proxy.cutAll();
  await eventually(() => expect(b.elector.isLeader()).toBe(true));
  expect([a.elector.isLeader(), a.working, a.outcome]).toEqual([false, false, 'lost']);
  expect(both()).toBe(0);
}, 120_000);

test('when the leader stops, the other follows without waiting for the lease to expire', async () => {
  const namespace = await makeNamespace(admin, 'stops');
  const a = await contender(namespace, 'a');
  await eventually(() => expect(a.working).toBe(true));
  const b = await contender(namespace, 'b');
  const both = watchBoth(a, b);
  a.stop.abort();
  await eventually(() => expect(b.working).toBe(true));
  expect(a.outcome).toBe('stopped');
  const lease = await admin.get(leases, { namespace, name: 'lock' });
  expect(lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  expect(both()).toBe(0);
}, 120_000);

test('a leader whose replies are lost now and then leads on', async () => {
  const namespace = await makeNamespace(admin, 'lossy');
  const a = await contender(namespace, 'a');
  await eventually(() => expect(a.working).toBe(true));
  let request = 0;
  a.proxy.decide(() => (request++ % 4 === 1 ? { kind: 'loseReply' } : undefined));
  await eventually(() => expect(a.proxy.faults.get('loseReply') ?? 0).toBeGreaterThan(4));
  expect([a.working, a.outcome]).toEqual([true, '']);
}, 120_000);

test('while the API server is down nobody leads for long, and afterwards one does', async () => {
  const namespace = await makeNamespace(admin, 'down');
  const a = await contender(namespace, 'a');
  await eventually(() => expect(a.working).toBe(true));
  const b = await contender(namespace, 'b');
  const both = watchBoth(a, b);
  await cluster.stopApiServer();
  await eventually(() => expect(a.outcome).toBe('lost'));
  await cluster.startApiServer();
  await eventually(() => expect(b.working).toBe(true));
  expect(both()).toBe(0);
}, 240_000);
