import { join } from 'node:path';
import { jest } from '@jest/globals';
import { GROUP_PATH } from '../processes/field.ts';
import { buildImageOf } from '../testbed/image.ts';
import { CONTAINERD_SOCKET } from '../testbed/kubernetes/configuration.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { Fleet } from './fleet.ts';
import { NOTHING, remainsOn } from './left-on-node.ts';
import { chartVersion, extractChart, lastChart } from './past-chart.ts';
import { podsOf } from './pods.ts';
import { inSeconds, report } from './report.ts';
import { CHART, ClusterWorld, type ImageName, parseImage, RELEASE } from './world.ts';

jest.setTimeout(300_000);

const TENANTS = ['acme', 'globex'];
/** The goal is 2 s; a busy machine gets more. */
const ROLLING_LIMIT_MS = 5_000;
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let world: ClusterWorld;
let fleet: Fleet;
let given: Map<string, string>;
let scriptKeys: ReturnType<Fleet['publicKeys']>;
let ownKeys: ReturnType<Fleet['publicKeys']>;

const list = async (path: string): Promise<{ metadata: { name: string } }[]> =>
  (await world.cluster.request('GET', path)).json().items;
const ledger = async (): Promise<string[]> =>
  (await list(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/secrets`))
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith('ledger-'))
    .sort();

/** What is installed before the upgrade: the last released chart, or this one with its image under another name. */
async function chartBefore(): Promise<{ chart: string; image: ImageName; version: string }> {
  const past = lastChart();
  if (past === null) {
    const image = { ...world.image, tag: 'before' };
    const names = [world.image, image].map(({ repository, tag }) => `${repository}:${tag}`);
    const [command, ...tagging] = ['ctr', '--address', CONTAINERD_SOCKET, '-n', 'k8s.io', 'images', 'tag'];
    await world.node.exec(command as string, [...tagging, ...names]);
    return {
      chart: CHART,
      image,
      version: `${chartVersion()}, no earlier one in git: the image has another tag`,
    };
  }
  const built = await buildImageOf(past.commit, { progress: (line) => report('image', line) });
  await world.cluster.loadImage(built.archive);
  const chart = extractChart(past, join(world.cluster.directory, 'past'));
  return { chart, image: parseImage(built.name), version: `${past.version} (${past.commit})` };
}

beforeAll(async () => {
  world = await ClusterWorld.start({ namespaces: TENANTS });
  const { chart, image, version } = await chartBefore();
  report('upgrade', `from chart ${version}`);
  await world.install({ chart, values: world.values({}, image) });
  fleet = new Fleet(world, TENANTS, 3);
  await fleet.bringOnline();
  given = fleet.given();
  scriptKeys = fleet.publicKeys();
}, 900_000);
afterAll(() => world?.stop());

describe('helm upgrade', () => {
  const schemaOf = async (plural: string) => {
    const crd = (await world.cluster.request('GET', `${CRD}/${plural}.vpn.traidnet.io`)).json();
    return crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;
  };

  test('replaces every pod while routers lose next to nothing, and makes older CRDs whole', async () => {
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/profiles';
    const patch = JSON.stringify([{ op: 'remove', path }]);
    await world.kubectl(['patch', 'crd', 'routers.vpn.traidnet.io', '--type=json', '-p', patch]);
    expect(Object.keys(await schemaOf('routers'))).not.toContain('profiles');
    const before = await podUids();

    const began = performance.now();
    const { longestGapMs } = await fleet.whilePinging('helm upgrade', () => world.helm('upgrade'));
    report('helm upgrade', `goal 2.0 s; all pods new after ${inSeconds(performance.now() - began)}`);
    expect(longestGapMs).toBeLessThanOrEqual(ROLLING_LIMIT_MS);
    const after = await podUids();
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    expect(Object.keys(await schemaOf('routers'))).toContain('profiles');
    await fleet.allOnline();
    expect(fleet.given()).toEqual(given);
    for (const key of fleet.keys) {
      const phases = world.history.phases(key, began).filter((phase) => phase !== 'Online');
      expect([key, phases]).toEqual([key, []]);
    }
  });

  test('has routers replace the keys of their scripts, each once and by itself', async () => {
    await fleet.settled();
    const now = fleet.publicKeys();
    for (const key of fleet.keys) expect(now.get(key)).not.toBe(scriptKeys.get(key));
    expect(fleet.given()).toEqual(given);
  });

  const podUids = async (): Promise<string[]> =>
    (await Promise.all([podsOf(world.cluster, 'controller'), podsOf(world.cluster, 'gateway')]))
      .flat()
      .filter(({ ending }) => !ending)
      .map(({ uid }) => uid);
});

describe('helm uninstall', () => {
  test('leaves nothing on the node, and all that is the users’ in the cluster', async () => {
    expect(await remainsOn(world.node)).not.toEqual(NOTHING);
    const before = { ledger: await ledger(), crds: (await list(CRD)).length };
    ownKeys = fleet.publicKeys();
    expect(before.ledger.length).toBeGreaterThanOrEqual(1 + TENANTS.length);
    const began = performance.now();
    await world.cluster.helm(['uninstall', RELEASE, '-n', SYSTEM_NAMESPACE, '--wait', '--timeout', '3m'], {
      timeoutMs: 240_000,
    });
    report('helm uninstall', `took ${inSeconds(performance.now() - began)}`);
    await waitFor('no pod is left', async () => {
      return (await list(`/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`)).length === 0;
    });
    const remains = await remainsOn(world.node);
    for (const [kind, found] of Object.entries(remains)) {
      report('left on the node', `${kind}: ${found.length === 0 ? 'none' : found.join(', ')}`);
    }
    expect(remains).toEqual(NOTHING);

    expect(await ledger()).toEqual(before.ledger);
    expect((await list(CRD)).length).toBe(before.crds);
    expect(await list(`${GROUP_PATH}/routers`)).toHaveLength(fleet.keys.length);
    expect(await list(`${GROUP_PATH}/tenanttunnels`)).toHaveLength(TENANTS.length);
    report(
      'left in the cluster',
      `${before.crds} CRDs, ${fleet.keys.length} Routers, ${before.ledger.join(', ')}`,
    );
  });

  test('leaves no right, workload or handover object behind', async () => {
    const own = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${RELEASE}`)}`;
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const paths = [
      `${rbac}/clusterroles?${own}`,
      `${rbac}/clusterrolebindings?${own}`,
      `${rbac}/roles?${own}`,
      `${rbac}/rolebindings?${own}`,
      `/apis/apps/v1/deployments?${own}`,
      `/apis/apps/v1/daemonsets?${own}`,
      `/apis/batch/v1/jobs?${own}`,
      `/apis/policy/v1/poddisruptionbudgets?${own}`,
      `/apis/scheduling.k8s.io/v1/priorityclasses?${own}`,
      `/api/v1/serviceaccounts?${own}`,
      `/api/v1/services?${own}`,
      `/api/v1/namespaces/${GATEWAY_NAMESPACE}/secrets`,
    ];
    for (const path of paths) {
      const names = (await list(path)).map(({ metadata }) => metadata.name);
      expect([path, names]).toEqual([path, []]);
    }
  });

  test('takes nothing from routers that an installation does not bring back: same keys, Online, nothing pasted', async () => {
    const began = performance.now();
    await world.helm('install');
    const reachesServer = async (key: string): Promise<boolean> =>
      (await fleet.machine(key).ping(fleet.server(key))).received > 0;
    await Promise.all(
      fleet.keys.map((key) => waitFor(`${key} reaches its server`, () => reachesServer(key), 90_000)),
    );
    report('install again', `every router reaches its server after ${inSeconds(performance.now() - began)}`);
    await fleet.allOnline();
    expect(fleet.given()).toEqual(given);
    expect(fleet.publicKeys()).toEqual(ownKeys);
  });
});
