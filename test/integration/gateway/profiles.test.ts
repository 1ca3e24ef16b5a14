import type { Duplex } from 'node:stream';
import {
  profileRevision,
  ROUTER_PROFILES,
  type Router,
  type RouterProfileSpec,
  selectorHash,
  VALUES_PART,
  valuesObjectName,
} from '../../../src/api/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { Cluster, type GatewayNode, type HandedOver, type Member, until } from './harness.ts';

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

const RESOURCES = [
  { path: '/ip/dns', set: { servers: '9.9.9.9' } },
  { path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.99' } },
  {
    path: '/radius',
    match: { address: '{{ tunnel.serverAddress }}' },
    set: { service: 'hotspot', secret: '{{ values.radius }}' },
  },
];
const SPEC: RouterProfileSpec = {
  values: [{ name: 'radius', secretKeyRef: { name: 'radius', key: 'secret' } }],
  resources: RESOURCES,
};

/** A simulated RouterOS behind the fake sidecar, with a profile for it that has gone to all. */
class Site {
  readonly os: RouterOs;
  readonly tunnel: HandedOver;
  readonly member: Member;
  sessions = 0;
  changes = 0;

  static async start(spec: RouterProfileSpec | undefined, options: { driftMs?: number } = {}): Promise<Site> {
    const tunnel = await node.tunnel();
    const member = await tunnel.addRouter({ profiles: ['base'] });
    const site = new Site(tunnel, member);
    node.sidecar.listeners.set(`${member.peer.address}:8728`, site.listen);
    await tunnel.writeAll();
    if (spec !== undefined) await site.profile(spec);
    await node.startAgent(options);
    await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
    node.sidecar.shakeHands(member.peer.publicKey);
    await until('Online', async () => (await tunnel.phase(member)) === 'Online');
    return site;
  }

  private constructor(tunnel: HandedOver, member: Member) {
    this.tunnel = tunnel;
    this.member = member;
    this.os = new RouterOs({
      version: '7.16.2',
      board: 'hAP ax2',
      serialNumber: 'HD608ABCDEF',
      defaultFirewall: true,
      now: Date.now,
    });
    const { user, password } = member.access;
    this.type('/user/group/add name=tenant-tunnel policy=api,policy,read,sensitive,test,write');
    this.type(
      `/user/add name=${user} group=tenant-tunnel password="${password}" comment="tenant-tunnel: management"`,
    );
    this.os.onChange(({ menu }) => {
      if (menu !== '/log') this.changes += 1;
    });
  }

  type(line: string): void {
    const said = this.os.terminal().paste(line).trim();
    if (said !== '') throw new Error(`${line}: ${said}`);
  }

  readonly listen = (stream: Duplex): void => {
    this.sessions += 1;
    serveApi(stream, { os: this.os, saysEmpty: true });
  };

  /** As a person applies it and a controller has rolled it out to everybody. */
  async profile(spec: RouterProfileSpec, share = 1000): Promise<void> {
    const { namespace } = this.member.peer;
    const metadata = { name: 'base', namespace };
    const known = await cluster.admin.get(ROUTER_PROFILES, metadata);
    const made =
      known === undefined
        ? await cluster.admin.create(ROUTER_PROFILES, { metadata, spec } as never)
        : await cluster.admin.patch(ROUTER_PROFILES, metadata, { spec: { resources: null, ...spec } });
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const { generation = 1 } = made.metadata;
    const status = {
      observedGeneration: generation,
      rollout: {
        revision: profileRevision(made, { radius_secret: '7' }),
        state: share === 1000 ? 'Done' : 'RollingOut',
        progress: 'test',
        stage: 1,
        share,
        startedAt: now,
        stageAt: now,
        generation,
        selector: selectorHash(made),
      },
      conditions: [
        { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'It is.', lastTransitionTime: now },
      ],
    };
    await this.values('s3cret-of-radius');
    await cluster.admin.applyStatus(
      ROUTER_PROFILES,
      { metadata, status: status as never },
      { fieldManager: 'tenant-tunnel-controller' },
    );
  }

  async values(secret: string): Promise<void> {
    const name = valuesObjectName(this.member.peer.namespace);
    const path = '/api/v1/namespaces/tenant-tunnel-gateways/secrets';
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        labels: { 'vpn.traidnet.io/part': VALUES_PART },
        annotations: { 'vpn.traidnet.io/value-versions': JSON.stringify({ radius_secret: '7' }) },
      },
      stringData: { radius_secret: secret },
    };
    const { status } = await cluster.plane.request('PUT', `${path}/${name}`, body);
    if (status === 404) await cluster.plane.request('POST', path, body);
  }

  router(): Promise<Router> {
    return this.tunnel.router(this.member);
  }

  async reports(): Promise<NonNullable<NonNullable<Router['status']>['profiles']>> {
    return (await this.router()).status?.profiles ?? [];
  }

  async configured(): Promise<string> {
    const { status } = await this.router();
    const condition = status?.conditions?.find(({ type }) => type === 'Configured');
    return `${condition?.status} ${condition?.reason} ${condition?.message}`;
  }
}

const states = async (site: Site) => (await site.reports()).map(({ state }) => state).join();

test('a router that is Online gets its profile, and says so once', async () => {
  const site = await Site.start(SPEC);
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
  const site = await Site.start(SPEC, { driftMs: 300 });
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
  const site = await Site.start(spec);
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
  const site = await Site.start(SPEC);
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
  const site = await Site.start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  await site.tunnel.change(site.member, { profiles: ['gone'] });
  await until('taken away', () => site.os.rows('/ip/pool').length === 0);
  await until('told', async () =>
    (await site.configured()).includes('/gone is named for this router and is not there'),
  );
  await until('no report', async () => (await site.reports()).length === 0);
});

test('a dry run says what it would do, and does nothing', async () => {
  const site = await Site.start({ ...SPEC, dryRun: true });
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
  const site = await Site.start(SPEC);
  await until('Applied', async () => (await states(site)) === 'Applied');
  await node.stopAgent();
  const { sessions } = site;
  const writes = node.routerWrites;
  await node.startAgent();
  await node.readings(10);
  expect(site.sessions).toBe(sessions);
  expect(node.routerWrites).toBe(writes);
});
