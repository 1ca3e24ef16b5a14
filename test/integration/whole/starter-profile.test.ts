/**
 * A starter profile on its whole way: people apply examples/profiles/hotspot.yaml, a Secret and a Router; the controller and the
 * agent do the rest under their own rights; a simulated router has pasted its script. WireGuard alone is pretended.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import {
  BACKUP_KEY,
  DEFAULT_BACKUP_NAMESPACE,
  DEFAULT_CLASS_ANNOTATION,
  ROUTER_PROFILES,
  ROUTERS,
  type Router,
  type RouterProfile,
  TUNNEL_CLASSES,
} from '../../../src/api/index.ts';
import { secrets } from '../../../src/kube/index.ts';
import { RouterOs } from '../../simulator/engine/index.ts';
import { serveApi } from '../../simulator/machine/api/without-linux.ts';
import { CONTROLLER_USER } from '../../testbed/control-plane.ts';
import { RunningController } from '../controller/running-controller.ts';
import { Cluster, type GatewayNode, until } from '../gateway/harness.ts';

const NAMESPACE = 'customer';
const SECRET = 'open-sesame-of-radius';
const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'profiles', 'hotspot.yaml');
const BINDING = 'tenant-tunnel-profile-values';

let cluster: Cluster;
let node: GatewayNode;
let controller: RunningController | undefined;

beforeAll(async () => {
  cluster = await Cluster.start();
  node = cluster.node();
  const { plane, admin } = cluster;
  await plane.request('POST', '/api/v1/nodes', { metadata: { name: node.name } });
  await plane.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await admin.create(TUNNEL_CLASSES, {
    metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
    // WireGuard is pretended: no handshake comes by a key that a router makes, and the change would hold its turn for 30 s.
    spec: { endpoint: { host: 'vpn.example.com' }, router: { backup: {}, ownKeys: false } },
  } as never);
  await admin.create(secrets, {
    metadata: { namespace: NAMESPACE, name: 'radius' },
    stringData: { secret: SECRET },
  });
  // As docs/rollout.md has the owner of a namespace do it.
  plane.kubectl([
    'create',
    'rolebinding',
    BINDING,
    `--namespace=${NAMESPACE}`,
    `--clusterrole=${BINDING}`,
    '--serviceaccount=tenant-tunnel-system:tenant-tunnel-controller',
  ]);
  await node.startAgent({ driftMs: 3_600_000, backupTimes: { afterChangeMs: 1, leastMs: 1 } });
  controller = new RunningController(plane.kubeconfig(CONTROLLER_USER));
}, 900_000);
afterAll(async () => {
  await controller?.stop();
  await node?.stopAgent();
  await cluster?.stop();
}, 60_000);

const router = async (name: string): Promise<Router | undefined> =>
  cluster.admin.get(ROUTERS, { namespace: NAMESPACE, name });

/** Applies a Router, pastes its script into a router of that version, and lets it shake hands. */
async function connect(name: string, version: string): Promise<RouterOs> {
  await cluster.admin.create(ROUTERS, {
    metadata: { namespace: NAMESPACE, name },
    spec: { tenant: NAMESPACE, profiles: ['hotspot'] },
  } as never);
  await until('the script', async () => (await router(name))?.status?.script !== undefined);
  const { script = '', address = '', publicKey = '' } = (await router(name))?.status ?? {};
  const os = new RouterOs({
    version,
    board: 'hAP ax2',
    serialNumber: `HD-${name}`,
    defaultFirewall: true,
    now: Date.now,
    resolve: () => '198.51.100.7',
  });
  os.terminal().paste(script);
  node.sidecar.listeners.set(`${address}:8728`, (stream) => serveApi(stream, { os, saysEmpty: true }));
  await until('the peer', () =>
    [...node.sidecar.interfaces.values()].some(({ peers }) => peers.has(publicKey)),
  );
  node.sidecar.shakeHands(publicKey);
  return os;
}

test.each([
  ['old', '7.9.2'],
  ['usual', '7.16.2'],
  ['new', '7.24'],
])('router %s of RouterOS %s gets the hotspot, and its configuration is kept', async (name, version) => {
  const profile = { namespace: NAMESPACE, name: 'hotspot' };
  if ((await cluster.admin.get(ROUTER_PROFILES, profile)) === undefined) {
    const { spec } = parse(readFileSync(EXAMPLE, 'utf8')) as RouterProfile;
    await cluster.admin.create(ROUTER_PROFILES, {
      metadata: profile,
      // All at once: this is about what arrives.
      spec: { ...spec, rollout: { stages: ['100%'] } },
    } as never);
  }
  const os = await connect(name, version);
  await until('Applied', async () =>
    ((await router(name))?.status?.profiles ?? []).some(({ state }) => state === 'Applied'),
  );
  const { status } = (await router(name)) ?? {};
  expect(status?.phase).toBe('Online');
  expect(status?.profiles?.[0]?.problems).toBeUndefined();
  expect(os.rows('/ip/hotspot').map((row) => row.name)).toEqual(['hotspot']);
  expect(os.rows('/radius')).toMatchObject([{ secret: SECRET, 'src-address': status?.address }]);
  await until('the profile says so', async () => {
    const said = (await cluster.admin.get(ROUTER_PROFILES, profile))?.status;
    return said?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
  });
  await until('kept', async () => {
    const { items } = await cluster.admin.list(secrets, { namespace: DEFAULT_BACKUP_NAMESPACE });
    const texts = items
      .filter(
        ({ metadata }) => metadata.annotations?.['vpn.traidnet.io/backup-of'] === `${NAMESPACE}/${name}`,
      )
      .map(({ data }) => gunzipSync(Buffer.from(data?.[BACKUP_KEY] ?? '', 'base64')).toString('utf8'));
    expect(texts.join('\n')).not.toContain(SECRET);
    return texts.some((text) => text.includes('/ip hotspot add') && text.includes(`by RouterOS ${version}`));
  });
  const told = JSON.stringify([
    await router(name),
    await cluster.admin.get(ROUTER_PROFILES, profile),
    node.logs,
    controller?.logs,
  ]);
  expect(told).not.toContain(SECRET);
});
