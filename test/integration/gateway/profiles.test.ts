import type { RouterProfileSpec } from '../../../src/api/index.ts';
import { Cluster, type GatewayNode, until } from './harness.ts';
import { RESOURCES, Site, SPEC } from './site.ts';

let cluster: Cluster;
let node: GatewayNode;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(() => {
  node = cluster.node();
});
afterEach(() => node.stopAgent());

const start = (spec: RouterProfileSpec, options: Parameters<typeof Site.start>[2] = {}): Promise<Site> =>
  Site.start({ cluster, node }, spec, options);

const states = async (site: Site) => (await site.reports()).map(({ state }) => state).join();

test('a router that is Online gets its profile, and says so once', async () => {
  const site = await start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  expect(site.os.rows('/ip/dns')[0]).toMatchObject({ servers: '9.9.9.9' });
  expect(site.os.rows('/ip/pool')).toMatchObject([{ name: 'guests' }]);
  expect(site.os.rows('/radius')).toMatchObject([{ secret: 's3cret-of-radius', service: 'hotspot' }]);
  expect(await site.configured()).toMatch(/^True Configured/);
  const [report] = await site.reports();
  expect(report).toMatchObject({ namespace: site.member.peer.namespace, name: 'base' });

  const { sessions, changes } = site;
  const writes = node.routerWrites;
  await node.readings(10);
  expect({ sessions: site.sessions, changes: site.changes, writes: node.routerWrites }).toEqual({
    sessions,
    changes,
    writes,
  });
  const text = JSON.stringify([await site.router(), node.logs]);
  expect(text).not.toContain('s3cret-of-radius');
});

test('what somebody changes on the router is set again at the next look, and other things are left', async () => {
  const site = await start(SPEC, { driftMs: 300 });
  await until('Applied', async () => (await states(site)) === 'Applied');
  site.type('/ip/pool/set guests ranges=10.5.50.2');
  site.type('/ip/pool/add name=theirs ranges=10.9.9.9');
  await until('repaired', () => site.os.rows('/ip/pool')[0]?.ranges === '10.5.50.2-10.5.50.99');
  expect(site.os.rows('/ip/pool')).toHaveLength(2);
  const writes = node.routerWrites;
  const { sessions } = site;
  await until('more looks', () => site.sessions > sessions + 3);
  expect(node.routerWrites).toBe(writes);
});

test('a row that fails is named in the condition, the others are made, and the router stays Online', async () => {
  const spec = { ...SPEC, resources: [...RESOURCES, { path: '/ip/nothing', set: { a: 'b' } }] };
  const site = await start(spec);
  await until('Failed', async () => (await states(site)) === 'Failed');
  await until('told', async () => (await site.configured()).startsWith('False'));
  expect(await site.configured()).toMatch(
    /^False ProfileFailed Profile tenant-\d+\/base: \/ip\/nothing: RouterOS 7\.16\.2/,
  );
  expect(await site.tunnel.phase(site.member)).toBe('Online');
  expect(site.os.rows('/ip/pool')).toHaveLength(1);
  const { sessions } = site;
  await node.readings(10);
  expect(site.sessions).toBe(sessions);
  await site.profile(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  await until('told', async () => (await site.configured()).startsWith('True'));
});

test('a router whose turn has not come keeps what it has', async () => {
  const site = await start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  const [before] = await site.reports();
  await site.profile({ ...SPEC, resources: RESOURCES.slice(1) }, 0);
  await site.values('another');
  const { changes } = site;
  await node.readings(20);
  expect(site.changes).toBe(changes);
  expect(await site.reports()).toEqual([before]);
  await site.profile({
    ...SPEC,
    resources: [{ path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.7' } }],
  });
  await until('its turn', () => site.os.rows('/ip/pool')[0]?.ranges === '10.5.50.7');
  expect(site.os.rows('/radius')).toEqual([]);
});

test('a profile that is named no longer is taken away, and one that is not there is told', async () => {
  const site = await start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  await site.tunnel.change(site.member, { profiles: ['gone'] });
  await until('taken away', () => site.os.rows('/ip/pool').length === 0);
  await until('told', async () =>
    (await site.configured()).includes('/gone is named for this router and is not there'),
  );
  await until('no report', async () => (await site.reports()).length === 0);
});

test('a dry run says what it would do, and does nothing', async () => {
  const site = await start({ ...SPEC, dryRun: true });
  const { changes } = site;
  await until('Planned', async () => (await states(site)) === 'Planned');
  const [report] = await site.reports();
  expect(report?.problems?.map(({ message }) => message)).toEqual([
    '/ip/dns: set servers "" → 9.9.9.9',
    '/ip/pool name=guests: add ranges=10.5.50.2-10.5.50.99',
    expect.stringMatching(/^\/radius address=10\.\d+\.0\.1: add secret=\*{5} service=hotspot$/),
  ]);
  expect(site.changes).toBe(changes);
});

test('a restarted agent logs in nowhere where all is as it was said', async () => {
  const site = await start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  await node.stopAgent();
  const { sessions } = site;
  const writes = node.routerWrites;
  await node.startAgent({ listenRouters: 0 });
  await node.readings(10);
  expect(site.sessions).toBe(sessions);
  expect(node.routerWrites).toBe(writes);
});

test('what somebody changes is found by listening, within seconds, and nothing is left open afterwards', async () => {
  const site = await start(SPEC, { driftMs: 3_600_000, listenRouters: 1 });
  await until('Applied', async () => (await states(site)) === 'Applied');
  await until('listened to', () => site.open === 1);
  const writes = node.routerWrites;
  // Listening begins a moment after the connection, so that the first change may be one too early.
  let changedAt = Number.NEGATIVE_INFINITY;
  await until('repaired', () => {
    const isAsItShall = site.os.rows('/ip/pool')[0]?.ranges === '10.5.50.2-10.5.50.99';
    if (isAsItShall && changedAt > 0) return true;
    if (Date.now() - changedAt > 5_000) {
      site.type('/ip/pool/set guests ranges=10.5.50.2');
      site.type('/ip/pool/set guests ranges=10.5.50.3');
      changedAt = Date.now();
    }
    return false;
  });
  site.type('/ip/pool/add name=theirs ranges=10.9.9.9');
  site.type('/radius/set [find] secret=another');
  await until('repaired again', () => site.os.rows('/radius')[0]?.secret === 's3cret-of-radius');
  expect(site.os.rows('/ip/pool').map(({ name }) => name)).toEqual(['guests', 'theirs']);
  expect(node.routerWrites).toBe(writes);
  const metrics = await node.registry.metrics();
  expect(metrics).toMatch(
    /tto_gateway_profile_drift_total{[^}]*action="repaired",found_by="listening"[^}]*} [1-9]/,
  );
  expect(metrics).toMatch(/^tto_gateway_listened_routers\S* 1$/m);
  await site.tunnel.change(site.member, { profiles: [] });
  await until('nothing listens', () => site.open === 0);
  await site.tunnel.change(site.member, { profiles: ['base'] });
  await until('listened to again', () => site.open === 1);
  await site.tunnel.removeAll();
  await until('the tunnel is gone', () => site.open === 0);
});

test('an agent that ends leaves no session', async () => {
  const site = await start(SPEC, { driftMs: 3_600_000, listenRouters: 1 });
  await until('listened to', async () => (await states(site)) === 'Applied' && site.open === 1);
  await node.stopAgent();
  await until('closed', () => site.open === 0);
});
