/** Copies of configurations on a real API server, under the agent's own rights. */
import { gunzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { BACKUP_KEY, backupPrefix, DEFAULT_BACKUP_NAMESPACE } from '../../../src/api/index.ts';
import { type Secret, secrets } from '../../../src/kube/index.ts';
import { AGENT_USER } from '../../testbed/control-plane.ts';
import { Cluster, type GatewayNode, until } from './harness.ts';
import { Site, SPEC } from './site.ts';

jest.setTimeout(60_000);

const NAMESPACE = DEFAULT_BACKUP_NAMESPACE;
const AT_ONCE = { afterChangeMs: 1, leastMs: 1, backoff: { baseMs: 20, maxMs: 50 } };
const DAILY = { backup: { everyHours: 24 } };

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

async function backupsOf({ member }: Site): Promise<Secret[]> {
  const { items } = await cluster.admin.list(secrets, { namespace: NAMESPACE });
  const { namespace, name } = member.peer;
  return items.filter(({ metadata }) => metadata.name.startsWith(`${backupPrefix({ namespace, name })}-`));
}

const textOf = ({ data }: Secret): string =>
  gunzipSync(Buffer.from(data?.[BACKUP_KEY] ?? '', 'base64')).toString('utf8');

const said = async ({ tunnel, member }: Site): Promise<string> => {
  const condition = await tunnel.condition(member, 'BackedUp');
  return `${condition?.status} ${condition?.reason} ${condition?.message}`;
};

test.each(['7.9.2', '7.16.2', '7.24'])(
  'RouterOS %s: kept once, and again when it has changed',
  async (version) => {
    const site = await Site.start({ cluster, node }, SPEC, {
      version,
      handover: DAILY,
      driftMs: 300,
      backupTimes: AT_ONCE,
    });
    await until('kept', async () => (await said(site)).startsWith('True BackedUp'));
    await until('kept with what the profile made', async () =>
      (await backupsOf(site)).some((one) => textOf(one).includes('/ip pool add name=guests')),
    );
    const first = await backupsOf(site);
    const { password } = site.member.access;
    for (const one of first) {
      expect(textOf(one)).toContain(`by RouterOS ${version}`);
      expect(textOf(one)).not.toContain(password);
      expect(textOf(one)).not.toContain('s3cret-of-radius');
      expect(one.metadata.annotations?.['vpn.traidnet.io/backup-of']).toBe(site.member.key);
      expect(one.metadata.labels?.['vpn.traidnet.io/router']).toBe('router-1');
    }
    // What somebody changes in a row of ours comes back to what it was, and so does what is kept of it.
    const writes = node.routerWrites;
    const creates = () => node.writes.filter((write) => write === 'create secrets').length;
    const before = creates();
    site.type('/ip/pool/set guests ranges=10.5.50.2');
    await until('asked once more', () => creates() > before);
    await node.readings(5);
    expect(await backupsOf(site)).toHaveLength(first.length);
    expect(node.routerWrites).toBe(writes);
    site.type('/ip/pool/add name=theirs ranges=10.9.9.9');
    site.type('/ip/pool/set guests ranges=10.5.50.3');
    await until('another', async () =>
      (await backupsOf(site)).some((one) => textOf(one).includes('name=theirs')),
    );
    expect(node.routerWrites).toBe(writes);
    expect(node.logs.join('\n')).not.toContain('s3cret-of-radius');
  },
);

test('the agent can neither read, list, change nor delete what it has made', async () => {
  const site = await Site.start({ cluster, node }, undefined, { handover: DAILY, backupTimes: AT_ONCE });
  await until('kept', async () => (await said(site)).startsWith('True'));
  const [made] = await backupsOf(site);
  if (made === undefined) throw new Error('There is none.');
  const agent = cluster.client(AGENT_USER);
  const name = { namespace: NAMESPACE, name: made.metadata.name };
  const forbidden = { code: 'Forbidden' };
  try {
    await expect(agent.get(secrets, name)).rejects.toMatchObject(forbidden);
    await expect(agent.list(secrets, { namespace: NAMESPACE })).rejects.toMatchObject(forbidden);
    await expect(agent.list(secrets, { namespace: NAMESPACE, metadataAlone: true })).rejects.toMatchObject(
      forbidden,
    );
    await expect(agent.update(secrets, made)).rejects.toMatchObject(forbidden);
    await expect(agent.patch(secrets, name, { metadata: { labels: { a: 'b' } } })).rejects.toMatchObject(
      forbidden,
    );
    const applied = { metadata: name, data: {} };
    await expect(agent.apply(secrets, applied, { fieldManager: 'x' })).rejects.toMatchObject(forbidden);
    await expect(agent.delete(secrets, name)).rejects.toMatchObject(forbidden);
    await expect(agent.deleteAll(secrets, { namespace: NAMESPACE })).rejects.toMatchObject(forbidden);
    await expect(agent.create(secrets, { metadata: name, data: {} })).rejects.toMatchObject({
      code: 'AlreadyExists',
    });
  } finally {
    await agent.close();
  }
});

test('a restarted agent asks nobody before the time, and a class that asks no more takes the condition back', async () => {
  const site = await Site.start({ cluster, node }, undefined, { handover: DAILY, backupTimes: AT_ONCE });
  await until('kept', async () => (await said(site)).startsWith('True'));
  await node.stopAgent();
  const { sessions } = site;
  const writes = node.writes.length;
  await node.startAgent({ backupTimes: AT_ONCE });
  await node.readings(10);
  expect(site.sessions).toBe(sessions);
  expect(node.writes.slice(writes).filter((write) => /routers|secrets/.test(write))).toEqual([]);
  await site.tunnel.writeTunnel();
  await until('no condition', async () => (await said(site)).startsWith('undefined'));
  expect(await backupsOf(site)).toHaveLength(1);
});

test('a namespace that is full is told, and it goes on by itself once there is room', async () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
  const hard = (count: number) => ({ hard: { 'count/secrets': String(count) } });
  const metadata = { name: 'full' };
  await cluster.plane.request('POST', path, { metadata, spec: hard(0) });
  // No controller of this cluster counts.
  const used = { used: { 'count/secrets': '0' } };
  const status = (count: number) =>
    cluster.plane.request(
      'PATCH',
      `${path}/full/status`,
      { status: { ...hard(count), ...used } },
      'application/merge-patch+json',
    );
  await status(0);
  try {
    const site = await Site.start({ cluster, node }, undefined, { handover: DAILY, backupTimes: AT_ONCE });
    await until('refused', async () => (await said(site)).startsWith('False BackupRefused'));
    expect(await said(site)).toContain('raise backups.maxSecrets');
    expect(await site.tunnel.phase(site.member)).toBe('Online');
    const writes = node.routerWrites;
    await node.readings(10);
    expect(node.routerWrites).toBe(writes);
    await cluster.plane.request('PATCH', `${path}/full`, { spec: hard(5) }, 'application/merge-patch+json');
    await status(5);
    await until('kept', async () => (await said(site)).startsWith('True BackedUp'));
  } finally {
    await cluster.plane.request('DELETE', `${path}/full`);
  }
});
